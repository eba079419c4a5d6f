"""What a person corrects, as records of the source `curation`: it survives every collection, and wins.

Each statement is about a record, not about an asset: an asset's id may go on as another's, a record's key stays. What
is said of an asset is said of all its live records, so that it holds as long as one of them does.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from events.models import CURATION, LARGEST, LONGEST_KEY, LONGEST_NAME, Draft, Identifier, Scalar, Section, record_key
from events.outbox import Outbox
from graph.metamodel import KINDS
from graph.metamodel_form import Property
from graph.model import RecordRow
from graph.store import GraphReader
from graph.values import pages
from inventory.corrections import AUTHOR, EXPIRES, REASON, section_of
from inventory.identifiers import CURATED, scheme_of
from inventory.identity import COMMON
from inventory.merge import sections_of
from inventory.need_levels import GOALS, NAMES, Level, level_of, property_of
from services.lookup import NotFound, find_one

IDENTITY = "identity"
RANK = 100
AT_ONCE = 1000
"""How many records are read together."""
_LEVELS = frozenset(map(property_of, GOALS))
_YES_NO = {"true": True, "yes": True, "ja": True, "false": False, "no": False, "nein": False}


class Refused(Exception):
    """A correction that makes no sense; the text says why, and what would."""


@dataclass(frozen=True, slots=True)
class Note:
    """Why, who, and until when; without an end it holds until it is taken back."""

    reason: str
    author: str
    expires: date | None = None

    def properties(self) -> dict[str, Scalar]:
        until = {EXPIRES: self.expires.isoformat()} if self.expires else {}
        return {REASON: self.reason, AUTHOR: self.author, **until}


def join(reader: GraphReader, names: Sequence[str], note: Note) -> list[Draft]:
    """Let the records of these assets, or the assets of these records, be one asset.

    All that now describes them goes along: a record that is left behind would be torn from its asset, since what is
    joined by a person may contradict itself, and then joins nothing more. Who wants a part alone separates it first.
    """
    rows = [row for asset in {row.asset_id: None for row in _rows(reader, names)} for row in describing(reader, asset)]
    groups = _groups(reader, rows)
    followers = [row for key in groups for row in _with_group(reader, key)]
    rows = list({row.key: row for row in (*rows, *followers)}.values())
    if len(rows) < 2:  # noqa: PLR2004 - one is joined to nothing
        raise Refused(f"{names[0]!r} is a single record; name at least two records or assets to join")
    families = {KINDS[row.kind].family for row in rows}
    if len(families) > 1:
        raise Refused(f"these are of different families ({', '.join(sorted(families))}) and can never be one asset")
    if len(rows) > COMMON:
        raise Refused(f"these are {len(rows)} records, and no more than {COMMON} can be joined")
    name = min(groups).split("|", 2)[2] if groups else _name("join", [row.key for row in rows])
    return [_identity(row, name, note) for row in rows]


def separate(reader: GraphReader, names: Sequence[str], note: Note) -> list[Draft]:
    """Let these records be an asset apart from the others that now describe theirs."""
    apart = _rows(reader, names)
    keys = {row.key for row in apart}
    assets = {row.asset_id for row in apart}
    rest = [row for asset in assets for row in describing(reader, asset) if row.key not in keys]
    if not rest:
        raise Refused(f"nothing else describes {', '.join(names)}: there is nothing to be separated from")
    held = _groups(reader, apart)
    new, old = _name("apart", sorted(keys)), _name("rest", sorted(row.key for row in rest))
    left = [row for row in rest if not _groups(reader, [row]) - held]
    return [_identity(row, new, note) for row in apart] + [_identity(row, old, note) for row in left]


def pin(reader: GraphReader, name: str, what: str, text: str, note: Note) -> list[Draft]:
    """Let a property of an asset, or its name, be this, whatever its sources say."""
    rows = _rows(reader, [name])
    section = _pinned(rows[0].kind, what, text, note)
    return [draft_of(row, section_of(what), section) for row in rows]


def unset(reader: GraphReader, name: str, what: str) -> list[Draft]:
    """Take back what was said of a property, or with `identity` of joining and separating.

    What waits for a record that is gone is taken back by the record's key.
    """
    rows = _rows(reader, [name], gone=True)
    section = IDENTITY if what == IDENTITY else section_of(what)
    said = [row for row in rows if section in said_of(reader, row)]
    if not said:
        raise Refused(f"nothing was said of {what!r} of {name!r}; `landkarte ask asset {name} --why` shows what was")
    return [draft_of(row, section, Section()) for row in said]


def expired(reader: GraphReader, today: date, keys: Collection[str]) -> list[Draft]:
    """What has come to its end, of these records of curation, to be taken back."""
    drafts = []
    for key in sorted(keys):
        row = reader.records([key]).get(key)
        for name, section in said_of(reader, row).items() if row and row.live else ():
            if row and is_over(section, today):
                drafts.append(draft_of(row, name, Section(), row.native_key))
    return drafts


def is_over(section: Section, today: date) -> bool:
    """Whether the last day of a statement has passed."""
    until = str(section.properties.get(EXPIRES, ""))
    return bool(until) and date.fromisoformat(until) < today


def latest(reader: GraphReader, drafts: Sequence[Draft], others: Collection[str] = ()) -> int:
    """The highest sequence of what persons said so far of the assets that these statements are about.

    A statement above it is the later one, though the clock of the computer that makes it is behind another's.
    `others`: more records of curation to look at.
    """
    about = reader.records([draft.native_key for draft in drafts]).values()
    keys = {row.key for asset in {row.asset_id for row in about} for row in describing(reader, asset)}
    keys |= {draft.native_key for draft in drafts}
    said = {record_key(CURATION, key) for key in keys} | set(others)
    found = (row.sequence for page in pages(sorted(said), AT_ONCE) for row in reader.records(page).values())
    return max(found, default=0)


def say(
    drafts: Sequence[Draft],
    outbox: Outbox,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    *,
    above: int = 0,
) -> None:
    """Put the statements into the outbox of curation, durably, with sequences `above` this one (see `latest`)."""
    outbox.begin(f"{CURATION}@{clock().isoformat(timespec='microseconds')}", CURATION, RANK, above=above)
    for draft in drafts:
        outbox.put(draft)
    outbox.end("partial", seen=len(drafts))


def _rows(reader: GraphReader, names: Sequence[str], *, gone: bool = False) -> list[RecordRow]:
    """Live records that are named by their key, or whose asset is named. Raises NotFound, Ambiguous, Refused.

    `gone`: one that is named by its key need not be live.
    """
    found: dict[str, RecordRow] = {}
    for name in names:
        row = reader.records([name]).get(name)
        if row is not None and row.source == CURATION:
            raise Refused(f"{name} is what a person said; name the record it is about: {row.native_key}")
        rows = [row] if row is not None and (row.live or gone) else describing(reader, find_one(reader, name).id)
        if not rows:
            raise NotFound(f"{name!r} is described by no live record: there is nothing to correct")
        found.update({row.key: row for row in rows})
    return list(found.values())


def describing(reader: GraphReader, asset: str) -> list[RecordRow]:
    """The live records of an asset."""
    return [row for row, _ in reader.describing(asset) if row.live and row.source != CURATION]


def _groups(reader: GraphReader, rows: Sequence[RecordRow]) -> set[str]:
    held = reader.identifiers([row.key for row in rows])
    return {key for many in held.values() for key in many if scheme_of(key) == CURATED}


def _with_group(reader: GraphReader, key: str) -> list[RecordRow]:
    holders = reader.holders([key], COMMON).get(key)
    return list(reader.records(holders.records).values()) if holders else []


def said_of(reader: GraphReader, row: RecordRow) -> dict[str, Section]:
    """What persons say of a record now, by section; `row` may be the record of curation itself."""
    key = row.key if row.source == CURATION else record_key(CURATION, row.key)
    person = reader.records([key]).get(key)  # of a record that is gone, it stands where that was
    if person is None or not person.live:
        return {}
    bodies = next((bodies for other, bodies in reader.describing(person.asset_id) if other.key == key), {})
    read = sections_of(bodies)
    return {name: section for name, section in read.items() if section.properties}


def _identity(row: RecordRow, group: str, note: Note) -> Draft:
    names = (Identifier(scheme=CURATED, value=group),)
    return draft_of(row, IDENTITY, Section(identifiers=names, properties=note.properties()))


def draft_of(row: RecordRow, section: str, content: Section, about: str = "") -> Draft:
    """The statement about a record, or about the one with the key `about`. Raises Refused for too long a key."""
    key = about or row.key
    if len(key) > LONGEST_KEY:
        raise Refused(
            f"{key[:60]}…: a correction is kept under the record's key; with its source it has {len(key)} characters "
            f"and may have {LONGEST_KEY}; name another record of the same asset, or correct it at its source"
        )
    return Draft(native_key=key, kind=row.kind, sections={section: content})


def _pinned(kind: str, what: str, text: str, note: Note) -> Section:
    if what == "name":
        return Section(name=_title(text), properties=note.properties())
    declared = {item.name: item for item in KINDS[kind].properties}
    if what not in declared:
        raise Refused(f"{kind} has no property {what!r}; it has name, {', '.join(sorted(declared))}")
    return Section(properties={what: _value(declared[what], text), **note.properties()})


def _title(text: str) -> str:
    if not text.strip():
        raise Refused("name: an empty name says nothing; `landkarte curate unset` takes back what a person set")
    if len(text) > LONGEST_NAME:
        raise Refused(f"name: this has {len(text)} characters, and a name may have {LONGEST_NAME}")
    return text


def _value(declared: Property, text: str) -> Scalar:
    """The text as a value of the property's type. Raises Refused."""
    value = _level(declared.name, text) if declared.name in _LEVELS else _typed(declared, text)
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise Refused(f"{declared.name}: {text} is too large; the largest integer that is kept is {LARGEST - 1}")
    return value


def _level(name: str, text: str) -> str:
    """A protection need as it is stored."""
    if level := level_of(text):
        return level.told
    raise Refused(f"{name}: {text!r} is no protection need; it is {', '.join(NAMES[: Level.VERY_HIGH])}")


def _typed(declared: Property, text: str) -> Scalar:
    try:
        match declared.type:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "boolean":
                return _YES_NO[text.casefold()]
            case "milestone" if text in {"ended", "open"}:
                return text
            case "date" | "milestone":
                return date.fromisoformat(text).isoformat()
    except (ValueError, KeyError):
        raise Refused(f"{declared.name}: {text!r} is no {declared.type} (a date is written YYYY-MM-DD)") from None
    return text


def _name(word: str, keys: Sequence[str]) -> str:
    """A name for a group that nobody has yet: the same people may part the same records twice."""
    text = " ".join([word, *sorted(keys), datetime.now(UTC).isoformat()])
    return f"{word}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
