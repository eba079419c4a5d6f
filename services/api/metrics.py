"""Figures for Prometheus, read when asked for."""

from collections.abc import Collection, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from events.log import LogUnavailable
from graph.store import StoreUnavailable
from services.api.state import State
from services.status import backlog, dead_letters

RUNS_LOOKED_AT = 100
"""Of each source, newest first: a last success before that is not told."""


class _Figures(Collector):
    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Those of the graph, then those of the log; `landkarte_up` says which of them could be reached."""
        up = GaugeMetricFamily("landkarte_up", "whether it can be reached", labels=["part"])
        for part, read in (("graph", self._graph), ("log", self._log)):
            try:
                found = list(read())
            except (LogUnavailable, StoreUnavailable):
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
                yield from found
        yield up

    def _graph(self) -> Iterator[Metric]:
        status = self._state.store.status()
        nodes = GaugeMetricFamily("landkarte_nodes", "live nodes", labels=["kind"])
        for kind, number in status.counts.items():
            nodes.add_metric([kind], number)
        seen = GaugeMetricFamily("landkarte_source_last_seen_seconds", "when it last said something", labels=["source"])
        for source, at in status.last_seen.items():
            seen.add_metric([source], at.timestamp())
        yield from (nodes, seen, *self._runs({*status.last_seen, *(s.name for s in self._state.settings.sources)}))
        yield GaugeMetricFamily("landkarte_relationships", "relationships", value=status.relationships)
        yield GaugeMetricFamily("landkarte_changes", "entries of the journal", value=status.journal)

    def _runs(self, sources: Collection[str]) -> Iterator[Metric]:
        """From the graph, so that every process tells the same, whoever runs the schedule."""
        success = GaugeMetricFamily(
            "landkarte_source_last_success_seconds", "when it last succeeded", labels=["source"]
        )
        duration = GaugeMetricFamily("landkarte_source_run_duration_seconds", "of its last run", labels=["source"])
        failing = GaugeMetricFamily("landkarte_source_failed", "whether its last run failed", labels=["source"])
        for source in sorted(sources):
            runs = self._state.store.runs(source=source, limit=RUNS_LOOKED_AT)
            for run in runs[:1]:
                duration.add_metric([source], (run.ended - run.started).total_seconds())
                failing.add_metric([source], run.status == "failed")
            for run in [run for run in runs if run.status != "failed"][:1]:
                success.add_metric([source], run.ended.timestamp())
        yield from (success, duration, failing)

    def _log(self) -> Iterator[Metric]:
        log = self._state.log
        yield GaugeMetricFamily("landkarte_lag", "messages not applied yet", value=backlog(log, self._state.store))
        yield GaugeMetricFamily("landkarte_dead_letters", "messages that could not be read", value=dead_letters(log))


def render(state: State) -> bytes:
    """All figures in Prometheus's text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(state))
    return generate_latest(registry)
