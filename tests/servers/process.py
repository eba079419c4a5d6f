"""Real servers for the tests, as Java processes from Maven Central: what Kafka and Neo4j have in common.

The jars of `tests/servers/<name>/pom.xml` are fetched once into `.cache/servers/<name>` below the project root.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

import pytest

POMS = Path(__file__).parent
CACHE = POMS.parent.parent / ".cache" / "servers"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
TOOLS = {"java": "openjdk-17-jre-headless", "mvn": "maven"}
LAST_LOG_LINES = 20


class ServerFailed(Exception):
    """A server or its jars could not be had; the text says which, why, and where its log is."""


def require_tools() -> None:
    """Skip the test where the caller chose an embedded-only run, else fail naming what to install."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip("LANDKARTE_EMBEDDED_ONLY=1: tests on real servers are not run")
    if missing:
        pytest.fail(
            f"tests on real servers need the Debian packages {', '.join(missing)}; "
            "install them, or set LANDKARTE_EMBEDDED_ONLY=1 to run without"
        )


def fetch_jars(name: str) -> Path:
    """The folder with the jars that `tests/servers/<name>/pom.xml` names; reused while the pom stays the same.

    Raises ServerFailed with Maven's own words.
    """
    pom = POMS / name / "pom.xml"
    lib = CACHE / name / hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    if lib.is_dir():
        return lib
    lib.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(dir=lib.parent))
    command = ["mvn", "-q", "-B", "-f", str(pom), COPY, f"-DoutputDirectory={fresh}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(fresh)
        raise ServerFailed(f"{name}: Maven could not fetch the jars: {(done.stdout + done.stderr).strip()}")
    _move(fresh, lib)
    return lib


def _move(fresh: Path, lib: Path) -> None:
    """Appears at once and whole, so that two test runs may fetch side by side."""
    try:
        fresh.rename(lib)
    except OSError:
        shutil.rmtree(fresh)
        if not lib.is_dir():
            raise


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def await_condition(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


class JavaServer:
    """One server process in a folder of its own. Subclasses give `command()` and `ready()`.

    After `stop` or `kill`, `start` brings it back on the same data and ports.
    """

    name = "server"
    start_seconds = 90.0

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it answers; called again and again while it starts."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What has to be done once, before the first start."""

    def start(self) -> None:
        """Return when it answers. Raises ServerFailed with the end of its log."""
        if self.process is None:
            self.home.mkdir(parents=True, exist_ok=True)
            self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.home, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.await_ready()

    def await_ready(self) -> None:
        try:
            await_condition(self._answers_or_died, seconds=self.start_seconds, what=f"{self.name} to answer")
        except TimeoutError as error:
            self.kill()
            raise ServerFailed(f"{error}; {self._log_end()}") from None
        if not self.running:
            raise ServerFailed(f"{self.name} ended while starting; {self._log_end()}")

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait; does nothing when it is not running."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed or said goodbye to."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def run_tool(self, command: Sequence[str]) -> None:
        """Run one of the server's own tools to its end. Raises ServerFailed with what it printed."""
        done = subprocess.run(command, cwd=self.home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailed(f"{self.name}: {' '.join(command)}: {(done.stdout + done.stderr).strip()}")

    def _answers_or_died(self) -> bool:
        return not self.running or self.ready()

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"the end of {self.log}:", *lines[-LAST_LOG_LINES:]])
