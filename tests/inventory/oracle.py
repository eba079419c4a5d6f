"""The graph from scratch: from the latest live records alone, all at once, without a store (law 1).

It shares the pure rules (what two records have in common, what a cluster says) with the inventory, and nothing of how
that finds out which of them to look at again.
"""

from collections import defaultdict

from events.models import CURATION, RecordConfirmed, RecordObserved, RecordWithdrawn, RunCompleted
from graph.model import Edge, EdgeKey, Holders, Node, RecordRow, SectionMark, node_id
from inventory.identity import COMMON, Claimant, resolve, usable
from inventory.merge import Said, held, merge, references, trust, win


def live_records(events):
    """Each live record as a `Said`, by key."""
    observed, withdrawn, markers = defaultdict(dict), defaultdict(int), defaultdict(int)
    confirmed = defaultdict(int)
    for item in sorted(events, key=lambda item: item.event.sequence):
        event = item.event
        if isinstance(event, RunCompleted):
            markers[event.source, event.partition] = event.sequence
        elif isinstance(event, RecordConfirmed):
            confirmed[f"{event.source}/{event.native_key}"] = event.sequence
        elif isinstance(event, RecordWithdrawn):
            withdrawn[f"{event.source}/{event.native_key}"] = event.sequence
        elif isinstance(event, RecordObserved):
            observed[f"{event.source}/{event.native_key}"][event.section] = item
    said = {}
    for key, sections in observed.items():
        left = {name: item for name, item in sections.items() if item.event.sequence > withdrawn[key]}
        newest = max(sections.values(), key=lambda item: item.event.sequence)
        seen = max(newest.event.sequence, confirmed[key])
        if left and seen >= markers[newest.event.source, newest.partition]:
            said[key] = Said(_row(key, newest, left), {name: item.event.content for name, item in left.items()})
    return said


def graph_of(events):
    """Every live node and every relationship: what `Graph.shown` shows of a store."""
    everything = live_records(events)
    persons = {key.partition("/")[2]: said for key, said in everything.items() if said.row.source == CURATION}
    said = {
        key: Said(item.row, item.sections, persons.get(key))
        for key, item in everything.items()
        if item.row.source != CURATION
    }
    names = {key: held(item) for key, item in said.items()}
    holders = defaultdict(set)
    for key, many in names.items():
        for name in many:
            holders[name].add(key)
    claimants = {key: Claimant(key, key.split("/", 1)[0], many) for key, many in names.items()}
    clusters = resolve(
        claimants.values(), lambda name: usable(name, Holders(len(holders[name]), frozenset(holders[name])))
    )
    merged = [merge(said[record.key] for record in cluster) for cluster in clusters]
    owner = {record.key: item.node.id for cluster, item in zip(clusters, merged, strict=True) for record in cluster}
    nodes, claims = {item.node.id: item.node for item in merged}, defaultdict(dict)
    for item in merged:
        nodes.update(item.catalogue)
        for key, told in item.edges.items():
            claims[key].update(told)
    for key, item in said.items():
        for row in references(item):
            there = holders[row.identifier]
            owners = {owner[record] for record in there} if len(there) <= COMMON else {"one", "another"}
            other = owners.pop() if len(owners) == 1 else "" if owners else node_id(row.identifier)
            if not there:
                _, scheme, value = row.identifier.split("|", 2)
                nodes[other] = Node(other, "Endpoint", value, {"scheme": scheme, "value": value})
            if other and other != owner[key]:
                ends = (owner[key], other) if row.direction == "out" else (other, owner[key])
                told = claims[EdgeKey(ends[0], row.relation, ends[1])]
                told[key] = {**row.properties, **told.get(key, {})}
    edges = [_edge(key, told, said) for key, told in claims.items()]
    return frozen(nodes.values(), edges)


def frozen(nodes, edges):
    """Nodes and relationships as sets that compare, without since when."""
    return {_node(node) for node in nodes}, {_relationship(edge) for edge in edges}


def _node(node):
    properties = str(sorted(node.properties.items()))
    told = _told(node.claims), _told(node.conflicts)
    return node.id, node.kind, node.name, properties, node.sources, node.first_seen, *told


def _relationship(edge):
    claims = sorted((record, sorted(said.items())) for record, said in edge.claims.items())
    return tuple(edge.key), str(sorted(edge.properties.items())), str(claims)


def _told(claims):
    return str(sorted((name, [tuple(claim) for claim in many]) for name, many in claims.items()))


def _edge(key, told, said):
    return Edge(key, win((trust(said[record].row), properties) for record, properties in told.items()), told, None)


def _row(key, newest, sections):
    event = newest.event
    return RecordRow(
        key=key,
        source=event.source,
        native_key=event.native_key,
        kind=event.kind,
        partition=newest.partition,
        rank=event.rank,
        sequence=event.sequence,
        withdrawn=0,
        live=True,
        run=event.run,
        first_observed=event.first_observed,
        last_seen=event.time,
        asset_id="",
        sections={
            name: SectionMark(item.event.sequence, item.event.changed, "", item.id) for name, item in sections.items()
        },
        ranks=event.ranks,
    )
