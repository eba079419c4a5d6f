"""Build the lifecycle table from the public API's JSON: `build_lifecycle.py FILE|URL [OUT]`.

FILE or URL gives https://endoflife.date/api/v1/products/full (facts under the MIT licence, see inventory/data/NOTICE).
One line a product, in order of name, so that an update reads as a difference.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

OUT = Path(__file__).parent.parent / "inventory" / "data" / "lifecycle.jsonl"
BUILDS = {"windows", "windows-server"}
"""Products that report a build number where others report a version."""
USED = {"cpe", "purl", "repology"}


def build(document: dict[str, Any]) -> str:
    """The table's text. First line: where it is from and as of when."""
    head = {"snapshot": document["generated_at"], "source": "https://endoflife.date", "licence": "MIT"}
    products = sorted(document["result"], key=lambda product: product["name"])
    return "".join(f"{_line(item)}\n" for item in (head, *map(_product, products)))


def _product(product: dict[str, Any]) -> dict[str, Any]:
    identifiers = [f"{i['type']}:{i['id']}" for i in product["identifiers"] if i["type"] in USED]
    return {
        "name": product["name"],
        "label": product["label"],
        "category": product["category"],
        "aliases": product["aliases"],
        "identifiers": sorted(identifiers),
        "cycles": [_cycle(product["name"], release) for release in product["releases"]],
    }


def _cycle(product: str, release: dict[str, Any]) -> list[Any]:
    """Name, release date, then each milestone as a date, true (ended, no date), false (not ended) or null (unknown)."""
    milestones = [
        release.get(f"{name}From") or release.get(f"is{name.capitalize()}") for name in ("eoas", "eol", "eoes")
    ]
    build_number = (release["latest"] or {}).get("name") if product in BUILDS else None
    return [release["name"], release["releaseDate"], *milestones, *([build_number] if build_number else [])]


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(source: str, out: Path) -> None:
    text = httpx.get(source, timeout=60).text if source.startswith("https://") else Path(source).read_text("utf-8")
    out.write_text(build(json.loads(text)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else OUT)  # noqa: PLR2004 - the program's own name counts
