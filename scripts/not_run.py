"""Say which tests of a pytest run (JUnit XML) did not run, and why; with --none exit 1 if there were any."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from defusedxml import ElementTree


def not_run(report: Path) -> Counter[str]:
    """How many tests were skipped, by reason."""
    tests = ElementTree.parse(report).iter("testcase")
    return Counter(mark.get("message") or "no reason given" for test in tests for mark in test.iter("skipped"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--none", action="store_true", help="exit 1 if any test did not run")
    options = parser.parse_args()
    reasons = not_run(options.report)
    print(f"Tests that did not run: {reasons.total()}")
    for reason, number in reasons.most_common():
        print(f"  {number:4}  {reason}")
    return 1 if options.none and reasons else 0


if __name__ == "__main__":
    sys.exit(main())
