"""An application that takes what is pushed, in this process."""

import json
from contextlib import closing

from events.codec import decode
from events.log import RUNS
from events.models import RunReport
from services import bootstrap
from services.api.state import State
from services.intake import receiving
from services.settings import load
from tests.events.conftest import read_all
from tests.services.test_api import Api

RECORD = {"native_key": "a", "kind": "Server", "sections": {"core": {"name": "srv-a"}}}


def record(key):
    return RECORD | {"native_key": key}


class Door:
    """An application that takes what is pushed, over files in a folder."""

    def __init__(self, folder, mine=(), **agents):
        fleet = {"type": "agents", "name": "fleet", **agents}
        place = f"sqlite:///{folder}"
        self.settings = load(
            None, log=f"{place}/log.db", graph=f"{place}/graph.db", data_dir=folder,
            sources=[fleet, {"type": "http", "name": "mine", **dict(mine)}],
        )  # fmt: skip
        self.waited = []
        self._log, self._store = bootstrap.open_log(self.settings), bootstrap.open_store(self.settings)
        self._opened = receiving(self.settings, self._store, lambda reason, _: self.waited.append(reason))
        self.intakes = self._opened.__enter__()
        self._api = Api(State(self.settings, self._log, self._store), self.intakes)

    def push(self, records, **asked):
        """To the source `mine`."""
        body = records if isinstance(records, bytes) else json.dumps(records)
        auth = asked.pop("auth", None)
        return self.post("/api/v1/records", body, params={"source": "mine"} | asked, auth=auth)

    def post(self, path, data, **more):
        return self._api.request("POST", path, content=data, **more)

    def get(self, path):
        return self._api.get(path)

    def apply(self):
        """What is in the log, to the graph."""
        consumer = bootstrap.make_consumer(self.settings, self._log, self._store, lambda *_: None)
        consumer.catch_up()
        consumer.release()

    def live(self):
        """Native keys that the graph shows after all is sent and applied; the intakes have let go."""
        with closing(bootstrap.open_log(self.settings)) as log, closing(bootstrap.open_store(self.settings)) as store:
            consumer = bootstrap.make_consumer(self.settings, log, store, lambda *_: None)
            consumer.catch_up()
            return {row.native_key for node in store.assets() for row, _ in store.describing(node.id)}

    def reports(self, source="mine"):
        return [one for one in self.said(RUNS, RunReport) if one.source == source]

    def close(self):
        self._opened.__exit__(None, None, None)
        self._log.close()
        self._store.close()

    def said(self, topic, of_type):
        """What is in the log, after the intakes have let go."""
        with closing(bootstrap.open_log(self.settings)) as log:
            return [event for event in map(decode, read_all(log, [topic])) if isinstance(event, of_type)]
