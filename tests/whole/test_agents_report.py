"""Real agents report to a real service, and what was answered survives its death."""

import os
import shutil
import subprocess
import threading

import httpx
import pytest

from tests.servers.process import await_condition, free_port
from tests.services.collectors.test_agents import xml
from tests.whole.processes import Landkarte, kill

ONLY_EMBEDDED = os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1"
SENDERS, MACHINES = 4, 120


class Service(Landkarte):
    """`landkarte serve` over files, where agents may report."""

    def __init__(self, folder):
        self.folder, self.started, self.port = folder, [], free_port()
        (folder / "landkarte.toml").write_text(
            f'log = "sqlite:///{folder}/log.db"\ngraph = "sqlite:///{folder}/graph.db"\ndata_dir = "{folder}"\n'
            f'port = {self.port}\n[[sources]]\ntype = "agents"\nname = "fleet"\nper_minute = 100000\n'
        )
        self.env = os.environ | {"LANDKARTE_CONFIG": str(folder / "landkarte.toml")}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def serve(self):
        process = self.start("serve")
        await_condition(self.answers, seconds=60, what="the service to answer")
        return process

    def answers(self):
        try:
            return httpx.get(f"{self.url}/livez").status_code == 200
        except httpx.TransportError:
            return False

    def assets(self):
        return httpx.get(f"{self.url}/api/v1/assets", params={"limit": 1000}).json()["items"]


@pytest.fixture
def service(tmp_path):
    found = Service(tmp_path)
    yield found
    found.stop()


@pytest.mark.agents
@pytest.mark.parametrize(
    "command",
    [
        ["fusioninventory-agent", "--server={}/agents", "--force",
         "--no-task=deploy,esx,wmi,collect,netdiscovery,netinventory"],
        ["ocsinventory-agent", "--nolocal", "--server={}/ocsinventory", "--force"],
    ],
    ids=["fusioninventory", "ocs"],
)  # fmt: skip
def test_a_real_agent_reports_and_its_computer_is_in_the_graph(service, command):
    if shutil.which(command[0]) is None and ONLY_EMBEDDED:
        pytest.skip(f"{command[0]} is not installed")
    service.serve()

    subprocess.run([part.format(service.url) for part in command], check=True, capture_output=True, timeout=120)

    await_condition(lambda: bool(service.assets()), seconds=60, what="the computer in the graph")
    (computer,) = service.assets()
    assert computer["sources"] == ["fleet"]
    assert computer["properties"]["os_name"]


def test_what_was_answered_survives_kill_9(service):
    """Senders go on while the service dies twice; each machine that has its answer is in the graph in the end."""
    process = service.serve()
    answered, left, done = set(), list(range(MACHINES)), threading.Event()

    def send():
        while not done.is_set():
            try:
                number = left.pop()
            except IndexError:
                return
            body = xml(f"<HARDWARE><NAME>pc-{number}</NAME></HARDWARE>", device=f"pc-{number}")
            try:
                assert httpx.post(f"{service.url}/agents", content=body, timeout=60).status_code == 200
                answered.add(f"pc-{number}")
            except httpx.TransportError:
                left.append(number)  # no answer: an agent comes again
                await_condition(service.answers, seconds=60, what="the service to be back")

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for share in (MACHINES // 4, MACHINES // 2):
        await_condition(lambda share=share: len(answered) >= share, seconds=120, what=f"{share} answers")
        kill(process)
        process = service.serve()
    for sender in senders:
        sender.join(120)
    done.set()

    assert len(answered) == MACHINES
    await_condition(
        lambda: {asset["name"] for asset in service.assets()} >= answered, seconds=120, what="all that was answered"
    )
