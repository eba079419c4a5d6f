"""The writer's part of the store's port (`graph.store`)."""

from collections.abc import Collection, Iterable
from typing import Protocol

from graph.model import Changes, Edge, EdgeKey, Holders, Node, Part, RecordRow, ReferenceRow
from graph.stray import Stray


class Transaction(Protocol):
    """One transaction of the writer. All reads see the state before `write`, which is called at most once, last.

    Keys that are not there are missing from the answer; empty questions cost nothing.
    """

    def records(self, keys: Collection[str]) -> dict[str, RecordRow]: ...

    def bodies(self, records: Collection[str]) -> dict[str, dict[str, bytes]]:
        """For each record the encoded JSON of its sections, by section name, as it was given to `write`."""

    def identifiers(self, records: Collection[str]) -> dict[str, frozenset[str]]:
        """For each live record the identifiers it holds."""

    def holders(self, identifiers: Collection[str], limit: int) -> dict[str, Holders]:
        """For each identifier its live holders; their keys only where they are at most `limit`."""

    def references(self, records: Collection[str]) -> dict[str, tuple[ReferenceRow, ...]]: ...

    def referrers(self, identifiers: Collection[str]) -> dict[str, frozenset[str]]:
        """For each identifier the keys of the records that refer to it."""

    def reference_counts(self, identifiers: Collection[str]) -> dict[str, int]:
        """How many references each identifier has, from the stored count."""

    def nodes(self, ids: Collection[str]) -> dict[str, Node]:
        """Assets and Endpoints, retired ones too; not the catalogue's."""

    def catalogue_edges(self, asset_ids: Collection[str]) -> dict[EdgeKey, Edge]:
        """All relationships of these assets to catalogue nodes."""

    def edges(self, keys: Collection[EdgeKey]) -> dict[EdgeKey, Edge]: ...

    def markers(self, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The highest marker of each (source, partition)."""

    def records_below(self, source: str, partition: int, sequence: int, limit: int) -> list[str]:
        """Keys of live records of this source and partition with a lower sequence; at most `limit`, in order of key."""

    def members(self, asset_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """For each asset the keys of the live records that describe it."""

    def live_records(self, after: str, limit: int) -> list[str]:
        """Keys of live records behind that one, in order of key."""

    def asset_ids(self, after: str, limit: int) -> list[str]:
        """Ids of assets and Endpoints, retired ones too, behind that one, in order."""

    def asset_edges(self, after: EdgeKey, limit: int) -> list[Edge]:
        """Relationships between assets and Endpoints, retired ones too, behind that one, in order of key."""

    def related(self, ids: Collection[str]) -> set[str]:
        """Those of these assets and Endpoints that have a relationship with an asset or Endpoint, whichever way."""

    def founded(self, ids: Collection[str]) -> dict[str, str]:
        """Those of these ids that a record, live or not, gives an asset (`node_id` of its key), with its kind."""

    def items(self, ids: Collection[str]) -> dict[str, Node]:
        """These catalogue nodes, used or not."""

    def item_ids(self, after: str, limit: int) -> list[str]:
        """Ids of catalogue nodes, used or not, behind that one, in order."""

    def had(self, ids: Collection[str]) -> set[str]:
        """Those of these catalogue nodes to which a relationship leads."""

    def strays(self, after: str, limit: int) -> tuple[list[Stray], str]:
        """The next of what the store would not have written so, at most `limit`, and the cursor of what comes behind.

        Nodes without a kind of the metamodel, or with another label than their kind's; relationships of unknown types,
        between nodes that such do not lead from and to, or a second time; whatever is not kept in the store's own form.
        Whether records say it is not looked at. A page may be empty; the cursor is "" at the end.
        """

    def sweep(self, strays: Iterable[Stray]) -> None:
        """At once remove these, nodes with their relationships, or bring them into the form that they should have.

        Counts that are kept are right again after `recount`.
        """

    def recount(self, after: str, limit: int) -> str:
        """At once set the next counts that are kept right, behind that cursor; gives the next one, "" at the end.

        First those of identifiers, at most `limit`; then, where the store keeps any, of what assets have.
        """

    def write(self, changes: Changes, parts: Iterable[Part] = ()) -> None:
        """Write the difference. Raises PositionsDiffer.

        `parts` are written too, each as it comes, and may be worked out while the ones before it are written; working
        them out may add to `erased` and `journal`. Nodes before relationships; the catalogue
        by MERGE; identifiers' counts follow `held`, `released` and `references`. `continued` repoints records that are
        not live from an id to its successor. `removed` nodes have no relationships left but those in `erased`. Journal
        entries get the next numbers, and a recorded_at that never falls and is never later than now.
        """
