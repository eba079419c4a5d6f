"""A distribution of somebody else with types of sources, as pip would have installed it."""

import os
from importlib.metadata import entry_points

import pytest

from services.collectors import COLLECTORS, GROUP

MODULE = """
import ctypes, os, signal, subprocess, sys, time
from pathlib import Path
from pydantic import BaseModel
from events.models import Draft, Section
from services.collectors.base import CollectorType, SourceUnavailable, Check

class Settings(BaseModel):
    mark: str = ""
    port: int = 1
    hosts: list[str] = []
    paths: list[Path] = []

def fine(settings, run):
    run.report.seen()
    run.emit(Draft(native_key="1", kind="Server", sections={"core": Section(name="srv")}))

def some(settings, run):
    for host in settings.hosts:
        run.report.seen()
        run.emit(Draft(native_key=host, kind="Server", sections={"core": Section(name=host)}))

def crash(settings, run):
    fine(settings, run)
    os.kill(os.getpid(), signal.SIGSEGV)

def leave(settings, run):
    os._exit(0)

def loop(settings, run):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", settings.mark])
    open(settings.mark, "w").close()
    while True:
        time.sleep(1)

def eat(settings, run):
    eaten = []
    while True:
        eaten.append(bytearray(64 * 2**20))

def fault(settings, run):
    raise KeyError("password=geheim")

def gone(settings, run):
    raise SourceUnavailable("nobody answers")

def part(settings, run):
    fine(settings, run)
    run.report.in_part = True

def chatty(settings, run):
    print("talks to stdout")
    fine(settings, run)

def noting(settings, run):
    Path(settings.mark).write_text(settings.model_dump_json())
    fine(settings, run)

def check(settings):
    yield Check("it is there")
    if settings.mark == "hang":
        time.sleep(600)

def of(function):
    return CollectorType(function.__name__, "for a test", Settings, function, 50, check)

TYPES = (fine, crash, leave, loop, eat, fault, gone, chatty, part, noting, some)
FINE, CRASH, LEAVE, LOOP, EAT, FAULT, GONE, CHATTY, PART, NOTING, SOME = map(of, TYPES)
WRONG = "no type"
"""
TYPES = ("fine", "crash", "leave", "loop", "eat", "fault", "gone", "chatty", "part", "noting", "some", "wrong")


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """Types of another distribution, for this process and those it starts; gives the folder."""
    site = tmp_path / "site"
    about = site / "landkarte_odd-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "landkarte_odd.py").write_text(MODULE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: landkarte-odd\nVersion: 1.0\n")
    lines = [f"{name} = landkarte_odd:{name.upper()}" for name in TYPES]
    (about / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, "missing = landkarte_gone:X"]))
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])))
    COLLECTORS.refresh()
    assert {entry.name for entry in entry_points(group=GROUP)} >= set(TYPES)
    yield site
    monkeypatch.undo()
    COLLECTORS.refresh()
