"""The page over a graph of our own, and what a reader finds in it."""

from datetime import date
from html.parser import HTMLParser

from inventory.lifecycle_records import matcher_of
from inventory.obsolescence import Question
from services.report.building import report_of
from services.report.page import render
from tests.inventory.feeding import system
from tests.inventory.test_batch import observed

DAY = date(2026, 11, 26)
BOOKWORM = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
TRIXIE = system("Debian GNU/Linux 13 (trixie)", name="debian", version="13")
STRANGE = system("Hausdistribution 3")


def with_properties(item, **properties):
    """The same record, with properties."""
    event = item.event
    content = event.content.model_copy(update={"properties": properties})
    return observed(f"{event.source}/{event.native_key}", event.sequence, content, kind=event.kind, first=0)


def reported(reader, on=DAY, expected=None, **more):
    """The report, and the answer it is made of."""
    return report_of(reader, matcher_of(reader), Question(on, **more), expected or {})


def page(reader, language="de", **more):
    return render(reported(reader, **more)[0], language)


class _Cells(HTMLParser):
    """The text of every cell, by table and row; all tags; the text outside styles."""

    def __init__(self):
        super().__init__()
        self.tables, self.tags, self.attributes, self.text, self._open = [], [], [], "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            text = f"{self.tables[-1][-1][-1]} {data.strip()}"
            self.tables[-1][-1][-1] = text.strip()


def read(html):
    found = _Cells()
    found.feed(html)
    found.text = " ".join(found.text.split())
    return found


def table_with(found, head):
    """The rows of the first table that has this among its heads, by the first cell."""
    table = next(table for table in found.tables if head in table[0])
    return {row[0]: dict(zip(table[0][1:], row[1:], strict=False)) for row in table[1:]}
