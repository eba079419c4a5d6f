"""One machine seen by many collectors at once is one asset; and a dependency told from both ends is one relation."""

import os
import shutil
import subprocess
import urllib.request

import pytest
from pydantic import BaseModel

from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from inventory.explain import explain
from inventory.identifiers import identifiers_of
from services.collecting import Job
from services.collectors import COLLECTORS
from services.collectors.base import CollectorType
from services.collectors.computer import Facts, to_drafts
from services.collectors.computer_connections import connections_of
from services.collectors.machine_network import read_ss
from tests.servers.process import await_condition, free_port, listening
from tests.services.collectors.checks import collected, identifiers
from tests.services.collectors.neighbour import NMAP, may_cable, recorded, run, scan
from tests.services.collectors.test_ansible import ansible
from tests.services.collectors.test_ssh import sshd
from tests.whole.profiles import START, apply, say

__all__ = ["sshd"]
COMPUTERS = {"Server", "VirtualMachine", "Client"}


def needs(*tools):
    missing = [tool for tool in tools if shutil.which(tool, path=f"/usr/sbin:{os.environ['PATH']}") is None]
    if missing and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip(f"{', '.join(missing)} is not installed")
    assert not missing


@pytest.fixture
def here():
    """What this computer is called and where it is reached, as it says itself."""
    (draft, *_), _ = collected("local")
    told = [item for section in draft.sections.values() for item in section.identifiers]
    macs = [item.value for item in told if item.scheme == "mac" and identifiers_of("Server", [item])]
    if not macs:
        pytest.skip("this computer has no MAC that names it: those of containers are alike everywhere")
    ips = [item.value for item in told if item.scheme == "ip" and ":" not in item.value]
    return {"name": draft.sections["core"].name, "mac": macs[0], "ip": ips[0]}


def agents(folder):
    command = ["fusioninventory-agent", "--force", "--no-task=deploy,esx,wmi,collect,netdiscovery,netinventory"]
    subprocess.run([*command, f"--local={folder}"], check=True, capture_output=True, timeout=120)


def facter(folder):
    done = subprocess.run(["facter", "--json"], capture_output=True, check=False, timeout=120)
    (folder / "facter.json").write_bytes(done.stdout)


def node_exporter(folder):
    """What a real node_exporter of this computer says."""
    port = free_port()
    exporter = shutil.which("prometheus-node-exporter") or "prometheus-node-exporter"
    process = subprocess.Popen([exporter, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        await_condition(lambda: listening(port), seconds=20, what="node_exporter to listen")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            (folder / "node.txt").write_bytes(answer.read())
    finally:
        process.terminate()
        process.wait(timeout=20)


def outputs(folder):
    """What somebody who may log in would save for somebody who may not."""
    saved = folder / "this-computer"
    saved.mkdir()
    commands = {
        "hostname": ["hostname"],
        "ip-addr": ["ip", "addr"],
        "uname-a": ["uname", "-a"],
        "dpkg-l": ["dpkg", "-l"],
    }
    for name, command in commands.items():
        (saved / f"{name}.txt").write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.agents
def test_one_machine_seen_by_all_collectors_at_once_is_one_asset(tmp_path, here, sshd):
    needs("fusioninventory-agent", "facter", "prometheus-node-exporter", "ip", "dpkg")
    folders = {
        kind: tmp_path / kind for kind in ("fusioninventory", "ansible", "puppet", "commands", "nmap", "prometheus")
    }
    for folder in folders.values():
        folder.mkdir()
    agents(folders["fusioninventory"])
    assert ansible(folders["ansible"], "-m", "setup", "-c", "local", "localhost").returncode == 0
    facter(folders["puppet"])
    outputs(folders["commands"])
    (folders["nmap"] / "scan.xml").write_text(scan(here["ip"], here["mac"]))
    node_exporter(folders["prometheus"])
    settings = {
        "local": {},
        "ssh": sshd.settings(),
        **{kind: {"paths": [folder]} for kind, folder in folders.items()},
        "ansible": {"paths": [folders["ansible"] / "tree"]},
    }
    jobs = [job(kind, COLLECTORS[kind], settings[kind]) for kind in settings]
    log, store = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db")

    reports = say(jobs, tmp_path, log)
    apply(log, store)

    assert {(report.source, report.failed) for report in reports} == {(kind, 0) for kind in settings}
    found = store.assets(kinds=COMPUTERS)
    seen_by = {node.name: {row.source for row, _ in store.describing(node.id)} for node in found}
    assert seen_by == {here["name"]: set(settings)}, [why for node in found for why in explain(store, node)]
    store.close()
    log.close()


@pytest.mark.agents
def test_the_recorded_scan_of_a_neighbour_names_what_a_real_one_does(tmp_path, here):
    if not may_cable():
        pytest.skip("a neighbour takes root, nmap and a network namespace")
    for name, write in (("real", scan), ("recorded", recorded)):
        (tmp_path / f"{name}.xml").write_text(write(here["ip"], here["mac"]))

    said = [collected("nmap", tmp_path / f"{name}.xml")[0] for name in ("real", "recorded")]

    assert [[identifiers(draft) for draft in drafts] for drafts in said] == [
        [{("ip", here["ip"]), ("mac", here["mac"].upper())}]
    ] * 2


@pytest.mark.agents
def test_a_computer_that_scans_itself_sees_its_address_alone_and_joins_nothing(tmp_path, here):
    needs("nmap")
    (tmp_path / "own.xml").write_text(run(*NMAP, here["ip"]))

    (draft,), _ = collected("nmap", tmp_path / "own.xml")

    assert identifiers(draft) == {("ip", here["ip"])}


def job(source, collector, settings):
    return Job(source, collector, collector.settings.model_validate(settings), collector.rank, True, START)


class Nothing(BaseModel):
    """No settings."""


def saying(source, drafts):
    """A source that says these drafts."""
    kind = CollectorType(
        "test", "drafts", Nothing, lambda _, run: [run.emit(draft) for draft in drafts], 50, lambda _: ()
    )
    return job(source, kind, {})


def computer(name, address, ss):
    sockets = connections_of(read_ss(ss), [address])
    return to_drafts(Facts(hostname=name, macs=[], addresses=[address], connections=sockets), name, 50)


SERVER = """\
tcp LISTEN 0 9 0.0.0.0:5432 0.0.0.0:* users:(("postgres",pid=1,fd=5))
tcp LISTEN 0 9 0.0.0.0:8443 0.0.0.0:* users:(("java",pid=2,fd=5))
tcp ESTAB 0 0 198.18.0.9:5432 198.18.0.20:40110 users:(("postgres",pid=9,fd=9))
tcp ESTAB 0 0 198.18.0.9:8443 198.18.0.20:40112 users:(("java",pid=2,fd=9))
"""
CLIENT = """\
tcp ESTAB 0 0 198.18.0.20:40110 198.18.0.9:5432 users:(("php-fpm",pid=7,fd=9))
tcp ESTAB 0 0 198.18.0.20:40112 198.18.0.9:8443 users:(("curl",pid=8,fd=9))
"""


@pytest.mark.parametrize("order", [("server", "client"), ("client", "server")])
def test_a_dependency_told_from_both_ends_is_one_relation_with_two_claims(tmp_path, order):
    ends = {"server": computer("srv-db1", "198.18.0.9", SERVER), "client": computer("srv-app1", "198.18.0.20", CLIENT)}
    log, store = SqliteLog(tmp_path / "log.db"), SqliteStore(tmp_path / "graph.db")

    say([saying(end, ends[end]) for end in order], tmp_path, log)
    apply(log, store)

    nodes, edges = store.everything()
    names = {node.id: node.name for node in nodes}
    found = {(names[e.key.source_id], e.key.type, names[e.key.target_id]): e for e in edges}
    assert {key: set(edge.claims) for key, edge in found.items()} == {
        ("srv-app1", "CONNECTS_TO", "srv-db1"): {"server/srv-db1", "client/srv-app1"},
        ("srv-app1", "DEPENDS_ON", "PostgreSQL on srv-db1:5432"): {
            "server/srv-db1 PostgreSQL 5432",
            "client/srv-app1",
        },
        ("PostgreSQL on srv-db1:5432", "RUNS_ON", "srv-db1"): {"server/srv-db1 PostgreSQL 5432"},
    }
    dependency = found["srv-app1", "DEPENDS_ON", "PostgreSQL on srv-db1:5432"].properties
    assert (dependency["process"], dependency["strength"], dependency["evidence"]) == (
        "php-fpm",
        "degrades",
        "observed",
    )
    store.close()
    log.close()
