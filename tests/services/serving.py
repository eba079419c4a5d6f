"""`landkarte serve` as a process of its own, and inventories as agents send them."""

import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import httpx

from events.codec import decode
from events.log import RECORDS, RUNS
from services import bootstrap
from services.settings import load
from tests.events.conftest import read_all
from tests.servers.process import await_condition, free_port

COMMAND = str(Path(sys.executable).parent / "landkarte")
START_SECONDS = 60
STOP_SECONDS = 60


def inventory(device, name="", softwares=20):
    """What a FusionInventory agent sends of a computer, zlib."""
    installed = "".join(
        f"<SOFTWARES><NAME>package{n}</NAME><VERSION>1.{n}</VERSION></SOFTWARES>" for n in range(softwares)
    )
    content = f"<HARDWARE><NAME>{name or device}</NAME></HARDWARE>{installed}"
    message = f"<REQUEST><CONTENT>{content}</CONTENT><DEVICEID>{device}</DEVICEID><QUERY>INVENTORY</QUERY></REQUEST>"
    return zlib.compress(message.encode())


class Served:
    """The service over an embedded log and graph in a folder; `start` again after `kill` finds what was there."""

    def __init__(self, folder, *sources):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        place = f"sqlite:///{folder}"
        own = {"log": f"{place}/log.db", "graph": f"{place}/graph.db", "data_dir": str(folder)}
        lines = [f'{key} = "{value}"' for key, value in own.items()]
        for source in sources:
            lines += ["[[sources]]", *(f"{key} = {_toml(value)}" for key, value in source.items())]
        self.config = folder / "landkarte.toml"
        self.config.write_text("\n".join(lines), encoding="utf-8")

    @classmethod
    def beside(cls, other):
        """Another one with the configuration and the data of `other`."""
        found, port = cls.__new__(cls), free_port()
        found.__dict__ |= other.__dict__ | {"port": port, "url": f"http://127.0.0.1:{port}", "process": None}
        return found

    def start(self):
        command = [COMMAND, "serve", "--port", str(self.port), "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        await_condition(self._has_started, seconds=START_SECONDS, what="serve to answer")
        return self

    def kill(self):
        """SIGKILL, while it runs."""
        assert self.process.poll() is None, self.said()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """As a service manager stops it; does nothing where it was not started or has ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=STOP_SECONDS)

    def items(self):
        """All assets in the graph, as the API tells them."""
        return httpx.get(f"{self.url}/api/v1/assets", params={"limit": 1000}, timeout=30).json()["items"]

    def assets(self):
        """Their names and kinds."""
        return {(item["name"], item["kind"]) for item in self.items()}

    def events(self, topic=RECORDS):
        with closing(bootstrap.open_log(load(self.config))) as log:
            return [decode(message) for message in read_all(log, [topic])]

    def reports(self):
        return [event for event in self.events(RUNS) if hasattr(event, "problems")]

    @property
    def log(self):
        return self.folder / "serve.log"

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _has_started(self):
        assert self.process.poll() is None, self.said()
        return self.answers()

    def answers(self):
        """Whether it is there."""
        try:
            return httpx.get(f"{self.url}/livez", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def _toml(value):
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
