"""The server profile's compose file, as `docker-compose config` understands it. No engine runs it here."""

import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
OURS = {"inventory", "scheduler", "api"}
SECRET = re.compile(r"PASSWORD|AUTH|SECRET|TOKEN|KEY")


def config(**environment: str) -> subprocess.CompletedProcess[str]:
    command = ["docker-compose", "--file", str(FILE), "config"]
    without = {name: value for name, value in os.environ.items() if name != "NEO4J_PASSWORD"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**without, **environment})


@pytest.fixture(scope="module", autouse=True)
def _docker_compose() -> None:
    if shutil.which("docker-compose"):
        return
    if os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip("LANDKARTE_EMBEDDED_ONLY=1: docker-compose is not here")
    pytest.fail("install the Debian package docker-compose, or set LANDKARTE_EMBEDDED_ONLY=1 to run without")


@pytest.fixture(scope="module")
def password() -> str:
    return secrets.token_hex(16)


@pytest.fixture(scope="module")
def services(password: str) -> dict[str, dict[str, Any]]:
    done = config(NEO4J_PASSWORD=password)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["services"]


def published_on(port: str | dict[str, Any]) -> str:
    """The address of this machine a port is open on; docker-compose 1 prints text and 2 a mapping."""
    if isinstance(port, dict):
        return str(port.get("host_ip", ""))
    return port.rpartition(":")[0].rpartition(":")[0]


def test_compose_file_holds_the_server_profile(services):
    assert set(services) == OURS | {"kafka", "neo4j"}


def test_compose_refuses_to_start_without_a_password():
    done = config()

    assert done.returncode != 0
    assert "NEO4J_PASSWORD" in done.stderr


def test_no_secret_stands_in_the_file():
    written = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]

    values = {
        name: value
        for service in written.values()
        for name, value in service["environment"].items()
        if SECRET.search(name)
    }

    assert {name for name, value in values.items() if "${NEO4J_PASSWORD:?" not in value} == set()
    assert set(values) == {"NEO4J_AUTH", "LANDKARTE_GRAPH_PASSWORD"}


def test_database_and_services_share_the_password(services, password):
    assert services["neo4j"]["environment"]["NEO4J_AUTH"] == f"neo4j/{password}"
    assert {services[name]["environment"]["LANDKARTE_GRAPH_PASSWORD"] for name in OURS} == {password}


def test_ports_are_open_to_this_machine_only(services):
    addresses = {name: {published_on(port) for port in service.get("ports", [])} for name, service in services.items()}

    assert addresses == {
        "api": {"127.0.0.1"},
        "neo4j": {"127.0.0.1"},
        "kafka": set(),
        "inventory": set(),
        "scheduler": set(),
    }


def test_every_image_is_pinned_to_a_full_version(services):
    tags = {name: service["image"].rpartition(":")[2] for name, service in services.items()}

    assert {name for name, tag in tags.items() if not re.fullmatch(r"\d+\.\d+\.\d+(-[a-z]+)?", tag)} == set()


def test_every_service_says_how_healthy_it_is(services):
    assert {name for name, service in services.items() if not service.get("healthcheck", {}).get("test")} == set()


def test_every_service_is_restricted(services):
    def restricted(service: dict[str, Any]) -> bool:
        return (
            service["read_only"] is True
            and service["cap_drop"] == ["ALL"]
            and service["security_opt"] == ["no-new-privileges:true"]
            and int(service["user"].partition(":")[0]) > 0
            and any(mount.startswith("/tmp:") for mount in service["tmpfs"])
        )

    assert {name for name, service in services.items() if not restricted(service)} == set()


def test_what_must_survive_stands_on_volumes(services):
    volumes = {
        (name, mount["target"])
        for name, service in services.items()
        for mount in service["volumes"]
        if mount["type"] == "volume"
    }

    assert volumes >= {("kafka", "/var/lib/kafka/data"), ("neo4j", "/data"), ("scheduler", "/var/lib/landkarte")}


def test_who_talks_to_sources_reads_their_secrets_and_cannot_write_them(services):
    secret = {
        (name, mount.get("read_only"))
        for name, service in services.items()
        for mount in service["volumes"]
        if mount["target"] == "/run/secrets"
    }

    assert secret == {("scheduler", True), ("api", True)}


def test_services_wait_for_log_and_graph(services):
    waits = {(name, other): how["condition"] for name in OURS for other, how in services[name]["depends_on"].items()}

    assert waits == {(name, other): "service_healthy" for name in OURS for other in ("kafka", "neo4j")}


def test_image_is_pinned_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    images = {line.split()[1] for line in lines if line.startswith("FROM")}
    users = [line.split()[1] for line in lines if line.startswith("USER")]

    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", image) for image in images)
    assert users[-1] == "10001:10001"
    assert all("--require-hashes" in line for line in lines if " install " in line and "-r requirements" in line)
