"""The command line as processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers.kafka_server import KafkaServer
from tests.servers.neo4j_server import Neo4jServer
from tests.servers.process import await_condition

SMALL_BATCH = 60_000
"""Bytes: the small city becomes some twenty batches, so that a kill falls between two."""


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, while it runs: otherwise the test would have disturbed nothing."""
    assert process.poll() is None
    process.kill()
    process.wait()


class Landkarte:
    """The command line as processes of their own, on these servers."""

    def __init__(self, folder: Path, kafka: KafkaServer, neo4j: Neo4jServer) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        self.env = os.environ | {
            "LANDKARTE_LOG": f"kafka://{kafka.bootstrap}",
            "LANDKARTE_GRAPH": f"neo4j://{neo4j.uri.removeprefix('bolt://')}",
            "LANDKARTE_DATA_DIR": str(folder),
            "LANDKARTE_BATCH_BYTES": str(SMALL_BATCH),
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).parent / "landkarte"), *arguments]
        with (self.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.started.append(process)
        return process

    def await_line(self, text: str) -> None:
        """Return once a process has said this."""
        told = self.folder / "processes.log"
        await_condition(lambda: text in " ".join(told.read_text().split()), seconds=60, what=f"the line {text!r}")

    def run(self, *arguments: str) -> None:
        process = self.start(*arguments)
        assert process.wait(timeout=120) == 0, (self.folder / "processes.log").read_text()[-2000:]

    def stop(self) -> None:
        """End what still runs: a test that failed leaves nothing behind."""
        for process in self.started:
            if process.poll() is None:
                kill(process)
