"""A computer that is asked: files are read and commands run, here or elsewhere, always the same ones."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

Command = tuple[str, ...]
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"}
"""Commands speak English, and are found where an ordinary account does not look."""


class CommandFailed(Exception):
    """The command is not there, may not be run, did not end in time or ended with an error; the text says which."""


class Machine(Protocol):
    """What can be asked of a computer. Nothing that is asked changes it."""

    def read(self, path: str) -> str:
        """The file's text, without blanks around it; "" where there is none. Raises PermissionError."""

    def exists(self, path: str) -> bool:
        """Whether there is something at this path, as far as it may be seen."""

    def run(self, command: Command) -> str:
        """What the command writes. Raises CommandFailed."""


class LocalMachine:
    """This computer; or, below another folder than `/`, the files of one: then no command is run but rpm."""

    def __init__(self, root: Path, timeout: float = 60.0) -> None:
        self._root, self._timeout = root, timeout

    def read(self, path: str) -> str:
        try:
            return (self._root / path.removeprefix("/")).read_text(encoding="utf-8", errors="replace").strip()
        except PermissionError:
            raise
        except OSError:
            return ""  # not there on this kind of machine

    def exists(self, path: str) -> bool:
        return os.path.lexists(self._root / path.removeprefix("/"))

    def run(self, command: Command) -> str:
        name, *words = command
        if self._root != Path("/"):
            if name != "rpm":
                raise CommandFailed(f"{name}: it would tell of another computer")
            words = ["--root", str(self._root.absolute()), *words]
        found = shutil.which(name, path=ENVIRONMENT["PATH"])
        if found is None:
            raise CommandFailed(f"{name} is not installed")
        try:
            done = subprocess.run(  # noqa: S603 - one of the fixed commands of machine_reading
                [found, *words],
                capture_output=True,
                timeout=self._timeout,
                env={**os.environ, **ENVIRONMENT},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandFailed(f"{name}: not done within {self._timeout:g} s") from None
        except OSError as error:
            raise CommandFailed(f"{name}: {error.strerror or error}") from None
        if done.returncode:
            raise CommandFailed(f"{name}: it ended with code {done.returncode}")
        return done.stdout.decode(errors="replace").strip()
