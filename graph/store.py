"""The store's port: what `Neo4jStore` and `SqliteStore` both promise.

`tests/graph/test_store_contract.py` runs on both.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from graph.metamodel import LISTED
from graph.model import Change, Edge, GraphStatus, Holders, Node, Positions, RecordRow, Relationship, RunRow
from graph.outline import Outline
from graph.transaction import Transaction

SCHEMA_VERSION = 3
SHARED_SHOWN = 100
LEASE = timedelta(seconds=10)
"""How long a writer may be silent before another takes over."""
_T = TypeVar("_T")


class StoreUnavailable(Exception):
    """The store cannot be reached, or is busy, now; the same call may succeed later. Text: which store, why."""


class AccessDenied(Exception):
    """The store refuses the user; waiting does not help. Text: which store, and which settings to look at."""


class BatchTooLarge(Exception):
    """The transaction did not fit into the store's memory; a smaller one may."""


class WriterLost(Exception):
    """Another writer has taken over; nothing was written, and this one must not write again without a new lease."""


class PositionsDiffer(Exception):
    """The stored positions are not the expected ones; nothing was written. Read them again."""


class SchemaDiffers(Exception):
    """The graph was made by another version of this program; it is left untouched. Text: which, and what to do."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which live assets are asked for; without anything said, all of the landscape.

    `kinds`: of one of these; empty: of all that lists show. `sources`: described by at least one of these; empty: by
    any. `among`: only those with one of these ids; None: whichever id. `without`: none of these ids.
    """

    kinds: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    @property
    def asked(self) -> frozenset[str]:
        """The kinds that are meant."""
        return self.kinds or LISTED

    @property
    def narrowed(self) -> bool:
        """Whether more than the kind decides."""
        return bool(self.sources or self.without or self.among is not None)


EVERY_ASSET = Selection()


def check_schema(where: str, found: int | None) -> None:
    """Raises SchemaDiffers for a graph with another schema than this program's; None is a graph not set up yet."""
    if found is not None and found > SCHEMA_VERSION:
        raise SchemaDiffers(
            f"{where}: made by a newer version of landkarte (schema {found}, this one knows {SCHEMA_VERSION}); "
            "update landkarte, or name another graph"
        )
    if found is not None and found < SCHEMA_VERSION:
        raise SchemaDiffers(
            f"{where}: made by an older version of landkarte (schema {found}, this one has {SCHEMA_VERSION}); "
            "name an empty graph: `landkarte inventory` builds it anew from the log"
        )


@dataclass(frozen=True, slots=True)
class Writer:
    """The right to write: who, and the epoch that every transaction checks."""

    owner: str
    epoch: int


def lease_note(name: str) -> str:
    """The note in which a lease stands; its text is `lease_text`."""
    return f"lease {name}"


def lease_text(owner: str, until: datetime) -> str:
    return f"{until.isoformat()}\t{owner}"


def is_free(text: str, owner: str, now: datetime) -> bool:
    """Whether a lease with that text may be taken, or extended, by the owner."""
    until, _, holder = text.partition("\t")
    return not until or holder == owner or datetime.fromisoformat(until) <= now


class GraphReader(Protocol):
    """Questions. Each sees one consistent state per call (per page for those that iterate). Raises StoreUnavailable."""

    def node(self, node_id: str) -> Node | None:
        """An asset, Endpoint or catalogue node.

        A record's id (see `inventory.identity.asset_id`) finds the asset it describes.
        """

    def assets(
        self,
        *,
        kinds: Collection[str] = (),
        text: str = "",
        name: str = "",
        sources: Collection[str] = (),
        retired: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[Node]:
        r"""Assets in order of (name, id), after the cursor `after` (text "name\x00id", exclusive).

        `text` is sought in the name, `name` is all of it, both without regard to case; `sources`: described by at least
        one of these; retired ones only with `retired`. Endpoints and facts of lifecycles only where `kinds` names them.
        """

    def relationships(
        self, node_id: str, *, types: Collection[str] = (), after: str = "", limit: int = 1000
    ) -> list[Relationship]:
        r"""The node's relationships in order of (type, direction, other id), after that cursor (joined by "\x00")."""

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        """Assets, retired ones too, Endpoints, catalogue nodes, used or not; those that are not there are missing."""

    def edges_of(
        self, ids: Collection[str], direction: Literal["out", "in"] = "out", types: Collection[str] = ()
    ) -> Iterator[Edge]:
        """All relationships that start (out) or end (in) at these nodes, in no order; of these types, or none: of any.

        Some are read at a time, so that what is written meanwhile may show in part.
        """

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]:
        """The rows of these records; those that are not there are missing."""

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        """For each live record the identifiers it holds."""

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        """For each identifier its live holders; their keys only where they are at most `limit`."""

    def shared(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """(identifier, record to asset) for each identifier that live records of several assets hold.

        In bounded memory, at most `SHARED_SHOWN` records of each, in no order.
        """

    def ambiguous(self, few: int) -> Iterator[tuple[str, Mapping[str, str], Mapping[str, str]]]:
        """(identifier, referring record to asset, holder to asset) for each identifier that references ask in vain.

        Records refer to it, and live records of several assets hold it, or more than `few` do. In bounded memory, at
        most `SHARED_SHOWN` records of each, in no order.
        """

    def describing(self, asset_id: str) -> list[tuple[RecordRow, dict[str, bytes]]]:
        """The records that describe an asset, with the bodies of their sections, in order of key."""

    def catalogue(self, kind: str) -> Iterator[Node]:
        """Catalogue nodes of this kind that a live asset has, in order of id, in bounded memory."""

    def havers(self, relation: str, catalogue_ids: Collection[str]) -> Iterator[tuple[str, Node]]:
        """(catalogue id, live asset) for each asset with this relation to one of these, in bounded memory."""

    def spread(self, relation: str, selection: Selection = EVERY_ASSET) -> dict[str, int]:
        """How many assets of the selection have each catalogue item by this relation; items none has are missing."""

    def tally(self, properties: Sequence[str], selection: Selection = EVERY_ASSET) -> dict[tuple[str, ...], int]:
        """How many assets of the selection have the same kind and the same values of these properties.

        By (kind, value, ...), the values as text: of a number or truth value as JSON writes it, "" where there is none.
        """

    def holding(
        self,
        relation: str,
        catalogue_id: str,
        selection: Selection = EVERY_ASSET,
        *,
        after: str = "",
        limit: int = 1000,
    ) -> list[Node]:
        r"""Assets of the selection that have this item by this relation, as `assets` orders and pages them.

        The first page costs by what it shows, however many have the item.
        """

    def valued(
        self, values: Mapping[str, str], selection: Selection = EVERY_ASSET, *, after: str = "", limit: int = 1000
    ) -> list[Node]:
        """Assets of the selection with these values of properties, as `tally` tells them; paged as `assets` does."""

    def network(self, types: Collection[str]) -> tuple[list[Node], list[Edge]]:
        """Every live asset and Endpoint of the landscape, and the relationships of these types between them."""

    def outline(self, types: Collection[str], ids: Collection[str] | None = None) -> Outline:
        """The same, of all nodes or of these and what begins at them, with no more than an `Outline` has."""

    def runs(self, *, source: str = "", after: str = "", limit: int = 100) -> list[RunRow]:
        r"""Runs, newest first by (ended, id), after the cursor "isoformat of ended\x00id"."""

    def changes(
        self,
        *,
        after: int = 0,
        before: int = 0,
        asset_ids: Collection[str] = (),
        newest_first: bool = False,
        limit: int = 1000,
    ) -> list[Change]:
        """Entries of the journal with a number above `after` and, unless that is 0, below `before`, in order.

        `asset_ids`: of these nodes only; none: of all.
        """

    def touched(self, after: int) -> frozenset[str]:
        """The nodes that entries with a number above `after` are about."""

    def change_at(self, moment: datetime) -> int:
        """The number of the last entry recorded at or before that moment; 0 where none is kept."""

    def note(self, name: str) -> str:
        """What the inventory noted under this name; "" for nothing."""

    def unseen(self, source: str, before: datetime, limit: int) -> list[str]:
        """Native keys, in order, of live records of the source that it neither saw nor confirmed since `before`.

        A dead letter confirms its record, though only by its sequence. At most `limit`.
        """

    def status(self) -> GraphStatus: ...

    def everything(self) -> tuple[Iterator[Node], Iterator[Edge]]:
        """Every asset, Endpoint and used catalogue node, and every relationship, in order of id and key."""


class GraphStore(GraphReader, Protocol):
    """The graph.

    Opening sets up the schema, which is idempotent and versioned; raises SchemaDiffers, StoreUnavailable.
    """

    def acquire(self, owner: str, lease: timedelta, *, take_over: bool = False) -> Writer | None:
        """Become the writer if there is none, its lease has ended, or it is the same owner; else None.

        Raises the epoch. `take_over`: in any case; the one that wrote finds out, and stands by.
        """

    def renew(self, writer: Writer, lease: timedelta) -> None:
        """Extend the lease. Raises WriterLost."""

    def release(self, writer: Writer) -> None:
        """End the lease now; does nothing where it was lost."""

    def hold(self, name: str, owner: str, lease: timedelta) -> bool:
        """Take or extend the lease of that name, which is nobody's else; False while another owner has it."""

    def let_go(self, name: str, owner: str) -> None:
        """End the lease now; does nothing where another owner has it."""

    def positions(self, log: str) -> Positions:
        """The next offsets to read from this log (by its identity); empty for a log never read."""

    def logs(self) -> Sequence[str]:
        """Identities of the logs that positions are kept for."""

    def transact(self, writer: Writer, work: Callable[[Transaction], _T], lease: timedelta = LEASE) -> _T:
        """Run `work` in one transaction that first checks the writer's epoch; it may run again after a conflict.

        Either all it wrote is durable on return or nothing is. It extends the lease as `renew` does, so that a long
        transaction does not lose it. Raises WriterLost, StoreUnavailable, BatchTooLarge.
        """

    def look(self, work: Callable[[Transaction], _T]) -> _T:
        """Run `work`, which writes nothing, over one state of the graph. Raises StoreUnavailable."""

    def close(self) -> None:
        """Release connections; does nothing the second time."""


Clock = Callable[[], datetime]
