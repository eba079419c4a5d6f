"""The journal in words: what became of an asset, when, and because of which events."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from graph.model import Change, Node, node_id
from graph.store import GraphReader
from inventory.journal import Detail
from inventory.kept import NotKept

_HIDDEN = ("claims/", "since/", "conflicts/", "rules", "first_seen")


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the journal. `lines`: `name: before → after`, `+ relation other (or how many)`, `- relation other`.

    `what`: created, changed, retired, returned, removed, continued (as the asset `continued`).
    """

    number: int
    recorded_at: datetime
    asset_id: str
    kind: str
    name: str
    what: str
    continued: str
    lines: tuple[str, ...]
    events: tuple[str, ...]


def tell(reader: GraphReader, changes: Sequence[Change]) -> list[Told]:
    """These entries in words, in their order."""
    details: list[Detail] = [json.loads(change.detail) for change in changes]
    names = reader.nodes({target for detail in details for _, target, *_ in detail["edges"]})
    return [_told(change, detail, names) for change, detail in zip(changes, details, strict=True)]


def history(
    reader: GraphReader, asset: Node | None, *, after: int = 0, before: int = 0, limit: int = 100
) -> list[Change]:
    """The entries of an asset, newest first, of ids that went on as it too; of everything for None."""
    if asset is None:
        return reader.changes(after=after, before=before, newest_first=True, limit=limit)
    ids = {asset.id}
    with suppress(NotKept):  # as of a day only the id of that day is known
        ids |= {node_id(row.key) for row, _ in reader.describing(asset.id)}
    return reader.changes(after=after, before=before, asset_ids=ids, newest_first=True, limit=limit)


def _told(change: Change, detail: Detail, names: dict[str, Node]) -> Told:
    assert change.recorded_at is not None  # as stored
    return Told(
        number=change.number,
        recorded_at=change.recorded_at,
        asset_id=change.asset_id,
        kind=detail["kind"],
        name=detail["name"],
        what=change.what,
        continued=detail.get("continued", ""),
        lines=tuple(_lines(detail, names)),
        events=change.event_ids,
    )


def _lines(detail: Detail, names: dict[str, Node]) -> Iterator[str]:
    for path, (before, after) in sorted(detail["fields"].items()) if detail["is"] else ():
        if not path.startswith(_HIDDEN):
            yield f"{path.removeprefix('properties/')}: {_value(before)} → {_value(after)}"
    for relation, count in sorted(detail.get("began", {}).items()):
        yield f"+ {relation} ({count})"
    for relation, target, before, after in detail["edges"]:
        other = names[target].name if target in names else target
        sign = "+" if before is None else "-" if after is None else "~"
        yield f"{sign} {relation} {other}"


def _value(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
