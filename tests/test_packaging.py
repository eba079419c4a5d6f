"""What is installed, locked and imported."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = {"events", "graph", "inventory", "services"}
DRIVERS = {"kafka", "neo4j", "sqlite3", "fastapi", "httpx", "apscheduler", "typer"}
LOCKS = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-dev.lock": PROJECT["project"]["optional-dependencies"]["dev"],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (.*?))?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, set[str]]:
    """The locked versions by name; several where they depend on the Python."""
    found: dict[str, set[str]] = {}
    for name, version, _, _ in PIN.findall((ROOT / lock).read_text(encoding="utf-8")):
        found.setdefault(canonical(name), set()).add(version)
    return found


def modules_of(package: str) -> list[str]:
    paths = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    script = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_wheel_holds_every_file_of_a_package(wheel, package):
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    ).stdout
    inside = {line.split()[0] for line in listed.splitlines()[1:]}

    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert files - inside == set()
    assert {name.partition("/")[0] for name in inside if ".dist-info/" not in name} == PACKAGES


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_packages_are_ours(package):
    command = f"import {package}; print({package}.__file__)"

    found = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd="/").stdout

    assert Path(found.strip()) == ROOT / package / "__init__.py"


def test_core_brings_no_driver_and_no_framework():
    core = modules_of("inventory")
    assert len(core) > 1
    script = f"import sys, {', '.join(core)}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert "inventory" in loaded.split()
    assert set(loaded.split()) & DRIVERS == set()


def test_import_contracts_hold():
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_lock_satisfies_what_the_project_asks_for(lock):
    locked = pins(lock)

    unmet = {
        text
        for text in LOCKS[lock]
        for asked in [Requirement(text)]
        if not locked.get(canonical(asked.name))
        or not all(map(asked.specifier.contains, locked[canonical(asked.name)]))
    }

    assert unmet == set(), "run `make lock`"


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_lock_names_files_by_hash_and_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    rest = "\n".join(line for line in PIN.sub("", text).splitlines() if line and not line.startswith("#"))

    assert rest == ""
    assert "://" not in text


def test_locks_agree_with_each_other():
    everything = pins("requirements-dev.lock")
    runtime, build = pins("requirements.lock"), pins("requirements-build.lock")

    assert {name for name in runtime if runtime[name] != everything.get(name)} == set()
    assert {name for name in build if build[name] != everything.get(name, build[name])} == set()
