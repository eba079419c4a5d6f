"""What is known, as rows of the workbook: what a person would maintain, so that reading it back changes nothing.

A cell is written only where it reads back as what is known. What cannot be written so is left out, and told.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from events.models import LONGEST_NAME, Identifier, record_key
from graph.metamodel import CITY, DEVICES, KINDS
from graph.model import Edge, Node
from graph.paging import node_pages
from graph.store import GraphReader
from inventory.identifiers import identifiers_of
from services.collectors.persons import kept
from services.collectors.spreadsheet.cells import UNDATED, CellError, names, plain, value
from services.collectors.spreadsheet.examples import DEPENDENCY, is_example_name, shown
from services.collectors.spreadsheet.rows import native_key
from services.collectors.spreadsheet.tables import STRENGTHS, TABLES, Column, Table
from services.workbook import Language, Rows, Value, kind_name
from services.workbook_names import Names

ALWAYS = CITY | {"Application", "ExternalService", "Utility"}
"""Kinds that no agent reports; of the others only what a table has named already is a person's to maintain."""
_DECLARED = {"evidence": "declared"}
_PAGE = 500
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML cannot hold."""
_STRENGTH = {"de": {"required": "zwingend", "degrades": "beeinträchtigt"}, "en": {}}
_PROTECTION = {"de": {}, "en": {"hoch": "high", "sehr hoch": "very high"}}
_JOINING = {"UUID", "FQDN", "MAC-Adresse"}
_SERIAL = {"Hersteller", "Seriennummer"}
"""Columns that join a device's row to what others say of it."""
Row = dict[str, Value]


@dataclass
class _Export:
    """What is written so far: by asset its table and its row; and what is left out, with the reason."""

    reader: GraphReader
    source: str
    language: Language
    names: Names
    nodes: dict[str, Node] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    lists: dict[tuple[str, Column], list[str]] = field(default_factory=dict)
    dependencies: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def known_rows(reader: GraphReader, source: str, language: Language) -> tuple[Rows, list[str]]:
    """The rows of each table, by name; and what was left out, each with the reason. `source` will read them back."""
    export = _Export(reader, source, language, Names(reader))
    for table in TABLES:
        for page in _pages(reader, DEVICES if table.kind == "Client" else frozenset({table.kind})):
            export.names.load(page)
            for node in page:
                if _maintained(node):
                    _add_thing(export, table, node)
    _add_relations(export)
    rows: dict[str, list[Row]] = {table.kind: [] for table in TABLES}
    for asset, row in export.rows.items():
        rows[export.tables[asset].kind].append(row)
    rows[DEPENDENCY] = sorted(export.dependencies, key=lambda row: [str(value) for value in row.values()])
    return rows, export.left_out


def _pages(reader: GraphReader, kinds: frozenset[str]) -> Iterator[list[Node]]:
    return node_pages(lambda after: reader.assets(kinds=kinds, after=after, limit=_PAGE))


def _records(node: Node) -> set[str]:
    return {claim.record for claim in node.claims.get("kind", ())}


def _maintained(node: Node) -> bool:
    told = native_key(node.kind, node.name)
    return node.kind in ALWAYS or any(record.partition("/")[2] == told for record in _records(node))


def _add_thing(export: _Export, table: Table, node: Node) -> None:
    key = native_key(node.kind, node.name)
    row: Row = {table.headers[0]: node.name}
    if table.kind == "Client":
        row["Art"] = kind_name(node.kind, export.language)
    row.update(_cells(export, table, node))
    reason = _why_not(export, node, key, row)
    if reason:
        export.left_out.append(f"{node.kind} {node.name!r}: {reason}")
        return
    export.keys.add(key)
    export.nodes[node.id], export.tables[node.id], export.rows[node.id] = node, table, row


def _why_not(export: _Export, node: Node, key: str, row: Row) -> str:
    """Why a row of this asset would not be read back as the same asset; "" where it would."""
    record = record_key(export.source, key)
    own = record in _records(node)
    stored = export.reader.records([record]).get(record)
    if not _writable(node.name) or plain(node.name) != node.name or is_example_name(node.name):
        return "its name cannot stand in a cell"
    if key in export.keys:
        return "another row has this name"
    if not own and stored and stored.live:
        return f"source {export.source} says something else by this name"
    return "" if own else _why_not_joined(export, node, row)


def _why_not_joined(export: _Export, node: Node, row: Row) -> str:
    """Why what another source says in this row would not join the asset."""
    if KINDS[node.kind].named:
        return "" if export.names.of_name(node) else "several things have this name"
    if node.properties.get("hostname") != node.name:
        return "it is shown by another name than its host name"
    if row.keys() & _JOINING or row.keys() >= _SERIAL:
        return ""
    return "only a host name tells what it is, which another source would not join"


def _cells(export: _Export, table: Table, node: Node) -> Iterator[tuple[str, Value]]:
    for column in table.columns:
        if column.property in node.properties and column.property:
            told = _cell(node.properties[column.property], column, export.language)
            if told is None:
                export.left_out.append(f"{node.kind} {node.name!r}: {column.headers[0]} cannot be written as it is")
            elif not column.identifier or export.names.holds(node, _identifiers(column, node)):
                yield column.headers[0], told
        elif column.identifier and not column.property:
            held = export.names.values(node, column.identifier)
            if held and export.names.only(node, column.identifier, held[0]):
                yield column.headers[0], held[0]


def _identifiers(column: Column, node: Node) -> frozenset[str]:
    told = str(node.properties[column.property])
    text = f"{node.properties.get('vendor', '')}\t{told}" if column.identifier == "serial" else told
    return identifiers_of(node.kind, [Identifier(scheme=column.identifier, value=text)])


def _cell(known: object, column: Column, language: Language) -> Value | None:
    """The value to write, or None where it would not be read back as what is known."""
    told: Value = known if isinstance(known, int) and not isinstance(known, bool) else str(known)
    if column.form == "protection":
        told = _PROTECTION[language].get(str(known), str(known))
    try:
        if column.form == "milestone" and str(known) in UNDATED:
            told = UNDATED[str(known)][language == "en"]
        elif column.form in {"date", "milestone"}:
            told = date.fromisoformat(str(known))
        text = plain(shown(told))
        return told if value(kept(column.property, text), column.form) == known and _writable(text) else None
    except (CellError, ValueError):
        return None


def _writable(text: str) -> bool:
    return bool(text) and len(text) <= LONGEST_NAME * 8 and not _UNWRITABLE.search(text)


def _add_relations(export: _Export) -> None:
    """Each declared relationship once: in the row where it starts if there is a column for it, else where it ends."""
    edges = {edge.key: edge for way in ("out", "in") for edge in export.reader.edges_of(export.rows, way)}
    ends = {end for edge in edges.values() for end in (edge.key.source_id, edge.key.target_id)}
    nodes = export.reader.nodes(ends)
    export.names.load(nodes.values())
    for edge in sorted(edges.values(), key=lambda edge: edge.key):
        source, target = nodes.get(edge.key.source_id), nodes.get(edge.key.target_id)
        if source and target and edge.properties.get("evidence") == "declared":
            placed = _place(export, edge, source, target) or _place_dependency(export, edge, source, target)
            if not placed:
                export.left_out.append(f"{source.name!r} {edge.key.type} {target.name!r}: no column says this")
    for (asset, column), told in export.lists.items():
        export.rows[asset][column.headers[0]] = joined(told)


def _place(export: _Export, edge: Edge, source: Node, target: Node) -> bool:
    if edge.properties != _DECLARED:
        return False
    for own, other, direction in ((source, target, "out"), (target, source, "in")):
        table = export.tables.get(own.id)
        for column in table.columns if table else ():
            if column.relation == edge.key.type and column.direction == direction:
                name = export.names.of(other, column.scheme, column.to)
                if name and _writable(name) and not is_example_name(name) and names(joined([name])) == [name]:
                    export.lists.setdefault((own.id, column), []).append(name)
                    return True
    return False


def _place_dependency(export: _Export, edge: Edge, source: Node, target: Node) -> bool:
    told = dict(edge.properties)
    strength, group, needed = (
        told.pop("strength", ""),
        told.pop("alternatives", ""),
        told.pop("alternatives_required", ""),
    )
    if edge.key.type != "DEPENDS_ON" or strength not in STRENGTHS.values() or told != _DECLARED:
        return False
    ends = [export.names.of_end(node) for node in (source, target)]
    if not all(name and _writable(name) for name, _ in ends) or not any(KINDS[kind].named for _, kind in ends):
        return False
    if group and (plain(str(group)) != group or not _writable(str(group))):
        return False
    row: Row = {
        "Von": ends[0][0],
        "Von Art": kind_name(ends[0][1], export.language),
        "Nach": ends[1][0],
        "Nach Art": kind_name(ends[1][1], export.language),
        "Stärke": _STRENGTH[export.language].get(str(strength), str(strength)),
    }
    row |= {"Alternativen": str(group)} if group else {}
    row |= {"Davon benötigt": int(needed)} if needed != "" else {}
    export.dependencies.append(row)
    return True


def joined(told: Iterable[str]) -> str:
    """Names in one cell, as `names` reads them: separated by commas, or by line breaks where a name holds a sign."""
    many = sorted(told)
    if not any(sign in name for name in many for sign in ",;"):
        return ", ".join(many)
    return "\n".join(many) + ("\n" if len(many) == 1 else "")
