"""The running service and those who push to it: passwords of real agents, its end, a proxy, a second service."""

import json
import os
import re
import shutil
import socket
import subprocess
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.servers.process import await_condition
from tests.services.serving import Served, inventory

AGENTS = {
    "fusioninventory-agent": [
        "fusioninventory-agent",
        "--server={url}/plugins/fusioninventory/",
        "--force",
        "--no-task=deploy,esx,wmi,collect,netdiscovery,netinventory",
    ],
    "ocsinventory-agent": [
        "ocsinventory-agent",
        "--server={url}/ocsinventory",
        "--local",
        "",  # Debian's configuration names a folder, and then nothing is sent
        "--force",
        "--basevardir={folder}",
    ],
}
PASSWORD = "Kranichweg 7"
CREDENTIALS = {
    "fusioninventory-agent": ["--user=fleet", f"--password={PASSWORD}"],
    "ocsinventory-agent": [  # takes both in base64, and gives them to the realm alone that it is told
        f"--user={b64encode(b'fleet').decode()}",
        f"--password={b64encode(PASSWORD.encode()).decode()}",
        "--realm=landkarte",
    ],
}


@pytest.fixture
def served(tmp_path):
    found = Served(tmp_path, {"type": "agents", "name": "fleet", "per_minute": 100_000})
    yield found.start()
    found.stop()


def run_agent(name, served, *more):
    if shutil.which(name) is None and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip(f"{name} is not installed")
    folder = served.folder / name
    folder.mkdir(exist_ok=True)
    command = [part.format(url=served.url, folder=folder) for part in AGENTS[name]] + list(more)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.agents
@pytest.mark.parametrize("name", AGENTS)
def test_a_real_agent_without_the_password_is_refused_and_with_it_accepted(tmp_path, name):
    place = tmp_path / "password"
    place.write_text(PASSWORD)
    source = {"type": "agents", "name": "fleet", "user": "fleet", "password": f"file:{place}"}
    with closing_served(Served(tmp_path, source)) as served:
        run_agent(name, served)
        assert not served.events()

        done = run_agent(name, served, *CREDENTIALS[name])
        assert done.returncode == 0, done.stderr
        await_condition(served.events, seconds=30, what="the inventory to be in the log")
    assert PASSWORD not in served.said()


def closing_served(served):
    served.start()
    served.close = served.stop
    return closing(served)


def test_a_stopped_service_leaves_a_report_that_retires_nothing(served):
    httpx.post(f"{served.url}/agents", content=inventory("PC-1"), timeout=30)
    httpx.post(f"{served.url}/agents", content=b"no message", timeout=30)
    served.stop()

    (report,) = served.reports()
    assert (report.status, report.emitted, report.failed) == ("partial", 1, 1)
    assert [problem.reason for problem in report.problems] == ["no message of an agent: neither XML nor JSON"]
    assert "neither XML nor JSON" in served.said()


def test_who_goes_away_in_the_middle_of_a_push_leaves_one_line(tmp_path):
    with closing_served(Served(tmp_path, {"type": "http", "name": "racks"})) as served:
        pushed = f"{served.url}/api/v1/records?source=racks"
        run = httpx.post(f"{pushed}&begin=true", content=b"[]", timeout=30).json()["run"]
        with socket.create_connection(("127.0.0.1", served.port)) as gone:
            path = f"/api/v1/records?source=racks&run={run}"
            gone.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[".encode())
        await_condition(lambda: "went away after" in served.said(), seconds=30, what="it to be noticed")
        ended = httpx.post(pushed, content=b"[]", params={"source": "racks", "run": run, "end": "complete"}, timeout=30)

    assert ended.json()["status"] == "failed"  # nothing else was pushed
    assert "Traceback" not in served.said()


def test_what_an_agent_says_again_unchanged_is_confirmed_and_nothing_more(served):
    for _ in range(2):
        assert httpx.post(f"{served.url}/agents", content=inventory("PC-1"), timeout=30).status_code == 200
    served.stop()

    kinds = [type(event).__name__ for event in served.events()]
    assert kinds.count("RecordConfirmed") == 1
    assert kinds.count("RecordObserved") == 2  # core and software, once each


def test_a_proxy_on_this_computer_is_believed_whose_request_it_is(tmp_path):
    with closing_served(Served(tmp_path, {"type": "agents", "name": "fleet", "per_minute": 1})) as served:
        told = [
            httpx.post(
                f"{served.url}/agents", content=inventory("PC-1"), headers={"X-Forwarded-For": address}, timeout=30
            )
            for address in ("198.51.100.1", "198.51.100.2", "198.51.100.1")
        ]
    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert told[-1].headers["retry-after"]


def test_a_second_service_on_the_same_data_says_who_has_it_and_ends(served):
    second = Served.beside(served)
    try:
        with pytest.raises(AssertionError, match="fleet is being collected by process"):
            second.start()
    finally:
        second.stop()
    assert httpx.post(f"{served.url}/agents", content=inventory("PC-1"), timeout=30).status_code == 200


def test_the_documented_push_is_taken(tmp_path):
    text = Path("docs/collectors.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    curl [^\n]*\n(?:      [^\n]*\n)+", text, re.MULTILINE)
    with closing_served(Served(tmp_path, {"type": "http", "name": "racks"})) as served:
        told = subprocess.run(
            ["sh", "-c", command.replace("http://127.0.0.1:8421", served.url)],
            capture_output=True,
            text=True,
            check=True,
        )
        receipt = json.loads(told.stdout)
        assert (receipt["accepted"], receipt["refused"], receipt["status"]) == (1, [], "complete")
        await_condition(lambda: ("srv-4", "Server") in served.assets(), seconds=30, what="the server in the graph")
