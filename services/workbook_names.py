"""By which name a cell refers to an asset so that it finds exactly this one."""

from collections.abc import Iterable

from events.models import Reference
from graph.metamodel import ASSETS, KINDS
from graph.model import Node, node_id
from graph.store import GraphReader
from inventory.identifiers import reference_key, scheme_of
from services.collectors.spreadsheet.cells import plain

_FEW = 20
_HOST = "host"


class Names:
    """The identifiers of assets, and which of them are theirs alone."""

    def __init__(self, reader: GraphReader) -> None:
        self._reader = reader
        self._held: dict[str, frozenset[str]] = {}
        self._owner: dict[str, str] = {}

    def load(self, nodes: Iterable[Node]) -> None:
        """Read the identifiers of these assets, and who owns each."""
        new = {
            node.id: {claim.record for claim in node.claims.get("kind", ())}
            for node in nodes
            if node.id not in self._held
        }
        found = self._reader.identifiers({record for records in new.values() for record in records})
        for asset, records in new.items():
            self._held[asset] = frozenset(key for record in records for key in found.get(record, ()))
        asked = {key for asset in new for key in self._held[asset]} - self._owner.keys()
        holders = self._reader.holders(asked, _FEW)
        rows = self._reader.records({record for held in holders.values() for record in held.records})
        for key, held in holders.items():
            owners = {rows[record].asset_id for record in held.records if record in rows}
            self._owner[key] = owners.pop() if len(owners) == 1 else ""

    def holds(self, node: Node, keys: frozenset[str]) -> bool:
        """Whether the asset has these identifiers, and at least one."""
        return bool(keys) and keys <= self._held.get(node.id, frozenset())

    def values(self, node: Node, scheme: str) -> list[str]:
        """The asset's values of a scheme, in order."""
        return sorted(key.split("|", 2)[2] for key in self._held.get(node.id, ()) if scheme_of(key) == scheme)

    def only(self, node: Node, scheme: str, value: str) -> bool:
        """Whether nothing else has this value."""
        key = reference_key(Reference(scheme=scheme, value=value, kind=node.kind))
        return self._owner.get(key or "") == node.id

    def of_name(self, node: Node) -> str:
        """Its name, where that is an identifier of it alone; else ""."""
        return self.of(node, "name", node.kind)

    def of(self, node: Node, scheme: str, kind: str) -> str:
        """What a reference of this scheme to something of this kind says to find it; "" where nothing does."""
        told = [node.name]
        if scheme == _HOST and node.kind != "Endpoint":
            told += [str(node.properties.get(name, "")) for name in ("hostname", "fqdn")] + self.values(node, _HOST)
        for text in told:
            key = (
                reference_key(Reference(scheme=scheme, value=text, kind=kind)) if text and plain(text) == text else None
            )
            if key and (node_id(key) == node.id if node.kind == "Endpoint" else self._owner.get(key) == node.id):
                return text
        return ""

    def of_end(self, node: Node) -> tuple[str, str]:
        """(what the table of dependencies calls it, the kind to be given there); ("", "") for nothing."""
        for kind in [node.kind] if node.kind != "Endpoint" else sorted(ASSETS - {"Endpoint"}, key=_servers_first):
            if name := self.of(node, "name" if KINDS[kind].named else _HOST, kind):
                return name, kind
        return "", ""


def _servers_first(kind: str) -> tuple[bool, str]:
    return kind != "Server", kind
