"""What a batch does to assets: the clusters its records form now, what each was before, what became of old ids."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from graph.model import RecordRow, node_id
from inventory.fold import Folded
from inventory.identity import Ask, heirs, resolve
from inventory.merge import asset_id
from inventory.neighbourhood import Neighbourhood

_NOBODY = frozenset[str]()


@dataclass(slots=True)
class Regrouped:
    """`members`: the records of each asset that must be merged anew. `owner`: the asset of every record in reach.

    `continued`: ids that are no asset's any more, and the id that goes on from each; `retired`: without such an id.
    """

    members: dict[str, frozenset[str]] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    continued: dict[str, str] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    causes: dict[str, set[str]] = field(default_factory=dict)


def regroup(around: Neighbourhood, folded: Mapping[str, Folded], retired: Collection[str]) -> Regrouped:
    """Resolve everything the batch can reach.

    `folded`: the records of the batch that changed, by key. `retired`: which assets are retired, of those that a record
    described that comes back: only these can go on as another; a live one has records of its own.
    """
    reach = around.reach()
    around.load_rows(reach)
    rows = {key: folded[key].after if key in folded else around.rows[key] for key in reach}
    result = Regrouped()
    for cluster in resolve(reach.values(), around.usable_after):
        keys = frozenset(record.key for record in cluster)
        new = asset_id(rows[key] for key in keys)
        result.owner.update(dict.fromkeys(keys, new))
        result.members[new] = keys
    before = _before(around, folded, reach.keys(), retired)
    _note_causes(result, before, folded)
    _follow_old_ids(result, before, rows, partial(_heirs, around, folded, rows))
    result.members = {
        new: keys
        for new, keys in result.members.items()
        if before.get(new) != keys or any(key in folded for key in keys)
    }
    return result


def returning(folded: Mapping[str, Folded]) -> set[str]:
    """The assets that records described which were not live and come back."""
    back = (item.before for item in folded.values() if item.before and not item.before.live and item.after.live)
    return {row.asset_id for row in back if row.asset_id}


def _before(
    around: Neighbourhood, folded: Mapping[str, Folded], reach: Collection[str], retired: Collection[str]
) -> dict[str, frozenset[str]]:
    """The members of each old asset in reach."""
    rows = {key: row for key, row in around.rows.items() if key in reach}
    rows |= {key: item.before for key, item in folded.items() if item.before is not None}
    old: dict[str, set[str]] = {}
    for key, row in rows.items():
        if row.asset_id and (row.live or (row.asset_id in retired and folded[key].after.live)):
            old.setdefault(row.asset_id, set()).add(key)
    return {asset: frozenset(keys) for asset, keys in old.items()}


def _note_causes(result: Regrouped, before: Mapping[str, frozenset[str]], folded: Mapping[str, Folded]) -> None:
    for asset, keys in (*before.items(), *result.members.items()):
        events = {event for key in keys if key in folded for event in folded[key].causes}
        result.causes.setdefault(asset, set()).update(events)
    for asset, keys in before.items():
        for key in keys & result.owner.keys():
            result.causes[result.owner[key]] |= result.causes[asset]


def _follow_old_ids(
    result: Regrouped,
    before: Mapping[str, frozenset[str]],
    rows: Mapping[str, RecordRow],
    heirs_of: Callable[[str], frozenset[str]],
) -> None:
    """An id that lost its records goes on as the asset of its least live record; without one, of what has its names.

    So it does not matter whether what comes in the place of a record arrives in one batch with its end, or before.
    """
    for old, keys in before.items():
        if old in result.members:
            continue
        left = keys & rows.keys() or next((f for key in _founder_first(old, keys) if (f := heirs_of(key))), _NOBODY)
        if left:
            result.continued[old] = result.owner[min(left, key=lambda key: (rows[key].first_observed, key))]
        else:
            result.retired.add(old)


def _founder_first(asset: str, keys: Collection[str]) -> list[str]:
    return sorted(keys, key=lambda key: (node_id(key) != asset, key))


def _heirs(
    around: Neighbourhood, folded: Mapping[str, Folded], rows: Mapping[str, RecordRow], key: str
) -> frozenset[str]:
    """The live records, as they are after the batch, that have the identifiers of one that goes with it."""
    ask = Ask(around.holders_after, around.identifiers, lambda found: {r: rows[r] for r in found if r in rows})
    return heirs(folded[key].after, around.held_before(key), ask) & rows.keys()
