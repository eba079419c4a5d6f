"""Real tools for tests of collectors: required where all is tested, skipped where only the embedded part is."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.process import await_condition


def require_tool(name, package):
    """The tool's path. Skips the test in an embedded-only run without it, else fails naming what to install."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip(f"{name} is not installed")
    if found is None:
        pytest.fail(f"this test needs the Debian package {package}; or set LANDKARTE_EMBEDDED_ONLY=1")
    return found


@contextmanager
def running(command, log: Path, ready, *, seconds=20.0, **environment):
    """The tool as a process of its own, from when `ready()` holds to the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment)
    try:
        await_condition(
            lambda: process.poll() is not None or ready(), seconds=seconds, what=f"{Path(command[0]).name} is ready"
        )
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        yield process
    finally:
        process.terminate()
        process.wait(10)
