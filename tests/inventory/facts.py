"""Lifecycle facts of our own, as records."""

from datetime import date

from inventory.lifecycle import Cycle, Edition, LifecycleTable, Product
from inventory.lifecycle_records import drafts_of
from tests.inventory.test_batch import observed

DEBIAN = Product(
    name="debian",
    label="Debian",
    category="os",
    cycles=(
        Cycle("debian", "13", date(2025, 8, 9), security=date(2028, 8, 9), extended=date(2030, 6, 30)),
        Cycle("debian", "12", date(2023, 6, 10), security=date(2026, 7, 11), extended=date(2028, 6, 30)),
        Cycle("debian", "10", date(2019, 7, 6), security=date(2022, 9, 10), extended=date(2024, 6, 30)),
    ),
    link="https://endoflife.date/debian",
)
EDITION = Edition("endoflife.date", date(2026, 8, 22), "https://endoflife.date", "MIT")


def facts(*products, source="endoflife", edition=EDITION, at=10, **more):
    """What a source says of these products."""
    table = LifecycleTable({product.name: product for product in products})
    return [
        observed(f"{source}/{draft.native_key}", at, draft.sections["core"], kind=draft.kind, first=0, **more)
        for draft in drafts_of(table, edition)
    ]
