"""Build the lifecycle table from the public API's JSON: `build_lifecycle.py FILE|URL [OUT]`.

FILE or URL gives https://endoflife.date/api/v1/products/full (facts under the MIT licence, see inventory/data/NOTICE).
One line a product, in order of name, so that an update reads as a difference.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

from inventory.lifecycle import Cycle, Product
from inventory.milestones import Milestone, Undated
from services.collectors.lifecycle.endoflife import SITE, read_api

OUT = Path(__file__).parent.parent / "inventory" / "data" / "lifecycle.jsonl"


def build(document: dict[str, Any]) -> str:
    """The table's text. First line: where it is from and as of when."""
    table, faults = read_api(document)
    if faults:
        raise SystemExit("\n".join(f"{fault.where}: {fault.reason}" for fault in faults))
    head = {"snapshot": document["generated_at"], "source": SITE, "licence": "MIT"}
    return "".join(f"{_line(item)}\n" for item in (head, *map(_product, table.products.values())))


def _product(product: Product) -> dict[str, Any]:
    return {
        "name": product.name,
        "label": product.label,
        "category": product.category,
        "aliases": product.aliases,
        "identifiers": product.identifiers,
        "cycles": [_cycle(cycle) for cycle in product.cycles],
    }


def _cycle(cycle: Cycle) -> list[Any]:
    """Name, release date, then each milestone as a date, true (ended, no date), false (not ended) or null (unknown)."""
    day = cycle.released.isoformat() if cycle.released else None
    ends = [_milestone(end) for end in (cycle.active, cycle.security, cycle.extended)]
    return [cycle.name, day, *ends, *([cycle.build] if cycle.build else [])]


def _milestone(end: Milestone) -> str | bool | None:
    return end is Undated.ENDED if isinstance(end, Undated) else end.isoformat() if end else None


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(source: str, out: Path) -> None:
    text = httpx.get(source, timeout=60).text if source.startswith("https://") else Path(source).read_text("utf-8")
    out.write_text(build(json.loads(text)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else OUT)  # noqa: PLR2004 - the program's own name counts
