"""Landscapes as small pictures in text, one line for each thing, and what becomes of them.

app -> db              app needs db                  app ~> mail            without mail app runs worse
app -> a | b           one of them is enough         app -> 2 of a | b | c  two of them are
farm = 2 of m1 m2 m3   a cluster and its members     app ?-> db             nobody surely says so any longer
rack in room           it stands there               app -> ?10.0.0.1       an Endpoint, of which nobody knows more
"""

import numpy as np

from graph.outline import Outline, OutlineEdge, OutlineNode
from inventory.failing import Result, fail
from inventory.wiring import wiring_of

STALE = "silent/record"


class Picture:
    """The outline that a picture is of."""

    def __init__(self, text):
        self.nodes, self.edges = {}, {}
        self.text = [line for line in map(str.strip, text.splitlines()) if line]
        for line in self.text:
            self._line(line)
        self.outline = Outline(self.nodes, self.edges)
        self.wiring = wiring_of(self.outline)
        self.doubted = np.array([link.edge.claims == (STALE,) for link in self.wiring.links], dtype=bool)

    def after(self, *failed):
        """What becomes of all that is affected, by its name, without what failed."""
        outcome = fail(self.wiring, failed, self.doubted)
        found = {node: outcome.of(node).name.lower() for node in self.nodes if node not in failed}
        return {node: result for node, result in found.items() if result != "unaffected"}

    def _line(self, line):
        left, sign, right = line.split(maxsplit=2)
        match sign:
            case "=":
                needed, _, members = right.partition(" of ")
                self._node(left, "Cluster", int(needed))
                for member in members.split():
                    self._edge(member, "MEMBER_OF", left)
            case "on":
                self._edge(left, "RUNS_ON", right)
            case "in":
                self._edge(left, "LOCATED_IN", right, kind="Location")
            case _:
                self._need(left, sign, right)

    def _need(self, left, sign, right):
        strength = "degrades" if "~" in sign else ""
        claims = (STALE,) if "?" in sign else ("heard/record",)
        wanted, _, causes = right.rpartition(" of ")
        names = [name.strip() for name in causes.split("|")]
        group = {"alternatives": "/".join(names), "alternatives_required": int(wanted or 0)} if len(names) > 1 else {}
        for name in names:
            kind = "Endpoint" if name.startswith("?") else "Server"
            self._edge(left, "DEPENDS_ON", name, kind, strength=strength, claims=claims, **group)

    def _node(self, name, kind="Server", required=0):
        known = self.nodes.get(name)
        if known is None or kind != "Server":
            self.nodes[name] = OutlineNode(name, "Endpoint" if name.startswith("?") else kind, name, required)

    def _edge(self, source, relation, target, kind="Server", **more):
        self._node(source)
        self._node(target, kind)
        self.edges.setdefault(source, []).append(OutlineEdge(source, relation, target, **more))


def results_of(outcome):
    return {node: Result(int(result)) for node, result in zip(outcome.wiring.ids, outcome.result, strict=True)}
