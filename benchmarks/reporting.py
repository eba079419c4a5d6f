"""Agents that report in: many at once, with real inventories, to one service that is killed in the middle."""

import os
import random
import re
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.figures import Figure, told
from services.sample_city import Size
from tests.servers.process import await_condition, free_port

AGENTS = {Size.SMALL: 100, Size.CITY: 2000, Size.LARGE: 2000}
SECONDS = {Size.SMALL: 30.0, Size.CITY: 540.0, Size.LARGE: 540.0}
"""Within which they report, at random times; the target is 2,000 within 600."""
SENDERS = 32
PROLOG = "<REQUEST><DEVICEID>{}</DEVICEID><QUERY>PROLOG</QUERY><TOKEN>12345678</TOKEN></REQUEST>"
AGENT = ["fusioninventory-agent", "--force", "--no-task=deploy,esx,wmi,collect,netdiscovery,netinventory"]
COMPUTERS = re.compile(r'^landkarte_nodes\{kind="(?:Client|Server|VirtualMachine)"\} (\S+)', re.MULTILINE)
LATEST = 120.0
"""Seconds to wait for the service, and for the graph to have the last of them."""


@dataclass
class Sent:
    """What the senders met: seconds of each answer, statuses other than 200, tries without an answer."""

    seconds: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    unanswered: int = 0
    answered: set[str] = field(default_factory=set)


class Service:
    """`landkarte serve` with everything in one process, on files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.rss: list[float] = []
        self._config = folder / "landkarte.toml"
        self._config.write_text(
            f'log = "sqlite:///{folder}/log.db"\ngraph = "sqlite:///{folder}/graph.db"\ndata_dir = "{folder}"\n'
            f'port = {self.port}\n[[sources]]\ntype = "agents"\nname = "fleet"\nper_minute = 1000000\n',
            encoding="utf-8",
        )
        self.process = self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill_and_restart(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()
        self.rss.clear()
        self.process = self._start()

    def sample(self) -> None:
        """Note how much memory it has now, MiB."""
        self.rss.append(self.process.memory_info().rss / 1024**2)

    def machines(self) -> int:
        """How many computers the graph has."""
        metrics = httpx.get(f"{self.url}/metrics", timeout=LATEST).text
        return sum(int(float(number)) for number in COMPUTERS.findall(metrics))

    def _start(self) -> psutil.Popen:
        command = [str(Path(sys.executable).parent / "landkarte"), "serve"]
        env = os.environ | {"LANDKARTE_CONFIG": str(self._config)}
        with (self.folder / "serve.log").open("ab") as log:
            process = psutil.Popen(command, env=env, stdout=log, stderr=log)
        await_condition(lambda: _answers(self.url), seconds=LATEST, what="the service to answer")
        return process


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """As many agents as `AGENTS`, within `SECONDS`; half-way the service is killed, and started again."""
    inventory = _real_inventory(folder)
    service, sent, number = Service(folder), Sent(), AGENTS[size]
    with told(f"{number:,} agents report within {SECONDS[size]:g} s"):
        _report(service, inventory, sent, number, SECONDS[size])
    start = time.perf_counter()
    await_condition(lambda: service.machines() >= number, seconds=LATEST, what="the graph to have them all")
    behind, kept = time.perf_counter() - start, service.machines()
    service.process.terminate()
    service.process.wait()
    early, late = _quarters(service.rss)
    yield Figure("agents", "inventory, packed", len(zlib.compress(inventory.encode())) / 1024, "KiB")
    yield Figure("agents", "reported", len(sent.answered) / SECONDS[size], "agents/s")
    yield Figure("agents", "lost", number - kept, "", most=0)
    yield Figure("agents", "refused", len(sent.refused), "", most=0)
    yield Figure("agents", "without an answer, around the kill", sent.unanswered, "")
    yield Figure("agents", "answer, median", _quantile(sent.seconds, 0.5), "s")
    yield Figure("agents", "answer, p99", _quantile(sent.seconds, 0.99), "s", most=1)
    yield Figure("agents", "in the graph after the last answer", behind, "s")
    yield Figure("agents", "memory, at most", max(service.rss), "MiB")
    yield Figure("agents", "memory, last quarter : second quarter after the restart", late / early, "times", most=1.2)


def _report(service: Service, inventory: str, sent: Sent, number: int, seconds: float) -> None:
    chance, began = random.Random(1), time.monotonic()  # noqa: S311 - arrival times, the same in every run
    times = sorted(chance.uniform(0, seconds) for _ in range(number))
    killer = threading.Timer(seconds / 2, service.kill_and_restart)
    killer.start()
    with ThreadPoolExecutor(SENDERS) as senders:
        for device, at in enumerate(times):
            while (left := began + at - time.monotonic()) > 0:
                time.sleep(min(left, 1.0))  # an agent's time has not come
                _sample(service)
            senders.submit(_agent, service.url, f"bench-{device:05}", inventory, sent)
    killer.join()


def _sample(service: Service) -> None:
    try:
        service.sample()
    except psutil.NoSuchProcess:
        return  # it has just been killed


def _agent(url: str, device: str, inventory: str, sent: Sent) -> None:
    """One agent: a prolog and an inventory, each until it is answered, as agents come again."""
    mac = f"02:be:{int(device[-5:]) >> 8:02x}:{int(device[-5:]) & 255:02x}:00:01"
    own = inventory.replace("@DEVICE@", device).replace("@MAC@", mac)
    with httpx.Client(timeout=LATEST) as client:
        for message in (PROLOG.format(device), own):
            body = zlib.compress(message.encode())
            while not _post(client, url, body, sent):
                time.sleep(1.0)  # and comes again later
    sent.answered.add(device)


def _post(client: httpx.Client, url: str, body: bytes, sent: Sent) -> bool:
    start = time.perf_counter()
    try:
        answer = client.post(f"{url}/agents", content=body)
    except httpx.TransportError:
        sent.unanswered += 1
        return False
    sent.seconds.append(time.perf_counter() - start)
    if answer.status_code != httpx.codes.OK:
        sent.refused.append(answer.status_code)
    return answer.is_success


def _real_inventory(folder: Path) -> str:
    """What the real agent says of this computer, with places for what tells one computer from another."""
    subprocess.run([*AGENT, f"--local={folder}"], check=True, capture_output=True, timeout=300)  # noqa: S603 - the agent
    (file,) = [*folder.glob("*.ocs"), *folder.glob("*.xml")]
    text = file.read_text(encoding="utf-8")
    file.unlink()
    text = re.sub(r"<DEVICEID>[^<]*</DEVICEID>", "<DEVICEID>@DEVICE@</DEVICEID>", text)
    text = re.sub(r"(<HARDWARE>.*?<NAME>)[^<]*", r"\1@DEVICE@", text, flags=re.DOTALL)
    text = re.sub(r"<(UUID|SSN|FQDN)>[^<]*</\1>", "", text)
    return re.sub(r"<MACADDR>[^<]*</MACADDR>", "<MACADDR>@MAC@</MACADDR>", text)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").is_success
    except httpx.TransportError:
        return False


def _quarters(rss: list[float]) -> tuple[float, float]:
    """The mean of the second and of the last quarter of the samples since the restart; in the first it warms up."""
    quarter = max(1, len(rss) // 4)
    return sum(rss[quarter : 2 * quarter]) / quarter, sum(rss[-quarter:]) / quarter


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
