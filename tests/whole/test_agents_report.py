"""Real agents report to a real service, and what was answered survives its death."""

import os
import shutil
import subprocess
import threading

import httpx
import pytest

from tests.servers.process import await_condition
from tests.services.collectors.test_agents import xml
from tests.services.serving import Served

ONLY_EMBEDDED = os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1"
SENDERS, MACHINES = 4, 120


@pytest.fixture
def service(tmp_path):
    found = Served(tmp_path, {"type": "agents", "name": "fleet", "per_minute": 100_000})
    yield found.start()
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
    subprocess.run([part.format(service.url) for part in command], check=True, capture_output=True, timeout=120)

    await_condition(lambda: bool(service.assets()), seconds=60, what="the computer in the graph")
    (computer,) = service.items()
    assert computer["sources"] == ["fleet"]
    assert computer["properties"]["os_name"]


def test_what_was_answered_survives_kill_9(service):
    """Senders go on while the service dies twice; each machine that has its answer is in the graph in the end."""
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
        service.kill()
        service.start()
    for sender in senders:
        sender.join(120)
    done.set()

    assert len(answered) == MACHINES
    await_condition(
        lambda: {name for name, _ in service.assets()} >= answered, seconds=120, what="all that was answered"
    )
