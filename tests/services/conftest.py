"""The command line as a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "landkarte")


@pytest.fixture
def landkarte(tmp_path):
    """Runs the command in a folder of its own; gives exit code, stdout, stderr."""

    def run(*arguments, **environment):
        env = {name: value for name, value in os.environ.items() if not name.startswith("LANDKARTE_")}
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            env=env | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    return run
