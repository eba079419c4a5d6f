"""A computer that is asked over SSH: one login, and a channel for each file and command."""

import logging
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.collectors.base import SourceUnavailable
from services.collectors.deadline import within
from services.collectors.machine import ENVIRONMENT, Command, CommandFailed
from services.collectors.machine_reading import ROOT_ONLY, SS
from services.collectors.ssh.settings import Host, Login, SshSettings

if TYPE_CHECKING:
    import paramiko

_NOT_FOUND = 127
_CHUNK = 65_536
GRACE = 1.0
"""So long after its time a command is ended with the whole connection, which a server cannot keep open, seconds."""


class SshMachine:
    """What is asked of a computer over SSH. Raises SourceUnavailable where the connection is lost.

    With `sudo`, what only root sees is asked for through `sudo -n`, and without it where sudo refuses.
    """

    def __init__(self, client: "paramiko.SSHClient", settings: SshSettings) -> None:
        self._client, self._settings = client, settings

    def read(self, path: str) -> str:
        code, text, error = self._ask(("cat", path), as_root=path in ROOT_ONLY)
        if code and "permission denied" in error.casefold():
            raise PermissionError(f"{path}: {error.strip()}")
        return "" if code else text

    def exists(self, path: str) -> bool:
        return self._ask(("ls", "-d", path))[0] == 0

    def run(self, command: Command) -> str:
        code, text, error = self._ask(command, as_root=command == SS)
        if code == _NOT_FOUND:
            raise CommandFailed(f"{command[0]} is not installed")
        if code:
            raise CommandFailed(f"{command[0]}: it ended with code {code}: {error.strip()[:200]}")
        return without_own(text, self._execute(("printenv", "SSH_CONNECTION"))[1]) if command == SS else text

    def _ask(self, command: Command, *, as_root: bool = False) -> tuple[int, str, str]:
        """(exit code, output, errors). Raises CommandFailed, SourceUnavailable."""
        if as_root and self._settings.sudo:
            done = self._execute(("sudo", "-n", *command))
            if done[0] == 0:
                return done
        return self._execute(command)

    def _execute(self, command: Command) -> tuple[int, str, str]:
        import paramiko  # noqa: PLC0415 - slow to import

        words = shlex.join(("env", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), *command))
        seconds = self._settings.command_timeout
        late = f"{command[0]}: not done within {seconds:g} s"
        with within(seconds + GRACE, self._client.close) as over:
            try:
                return self._answer(command[0], words, time.monotonic() + seconds)
            except TimeoutError:
                raise CommandFailed(late) from None
            except (paramiko.SSHException, OSError, EOFError) as error:
                reason = late if over.is_set() else error or type(error).__name__
                raise SourceUnavailable(f"the connection was lost: {reason}") from error

    def _answer(self, name: str, words: str, limit: float) -> tuple[int, str, str]:
        _, out, err = self._client.exec_command(words, timeout=self._settings.command_timeout)
        text = b"".join(self._parts(name, out.channel, limit)).decode(errors="replace").strip()
        code = out.channel.recv_exit_status()
        if code < 0 and not self._client.get_transport():  # else it was ended by a signal
            raise EOFError("it does not say how the command ended")
        return code, text, err.read(_CHUNK).decode(errors="replace")

    def _parts(self, name: str, channel: "paramiko.Channel", limit: float) -> Iterator[bytes]:
        size = 0
        while part := channel.recv(_CHUNK):
            size += len(part)
            if size > self._settings.max_bytes:
                raise CommandFailed(f"{name}: it writes more than the {self._settings.max_bytes:,} bytes of max_bytes")
            if time.monotonic() > limit:
                raise TimeoutError
            yield part


def without_own(sockets: str, connection: str) -> str:
    """What `ss` writes without the connection over which it was asked (SSH_CONNECTION: client, port, server, port)."""
    ends = connection.split()
    if len(ends) != len(("client", "port", "server", "port")):
        return sockets
    asking = re.compile(rf"[\s\[:]{re.escape(ends[0])}\]?:{re.escape(ends[1])}\s")
    return "\n".join(line for line in sockets.splitlines() if not asking.search(f"{line} "))


@contextmanager
def login(host: Host, settings: SshSettings, secrets: Login) -> Iterator["paramiko.SSHClient"]:
    """A connection that has logged in. Raises SourceUnavailable: the reason, and what to do."""
    import paramiko  # noqa: PLC0415 - slow to import

    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what goes wrong is reported, once
    with paramiko.SSHClient() as client:
        try:
            _trust(client, settings)
            client.connect(
                host.name,
                port=host.port,
                username=host.user or None,
                password=secrets.password or None,
                passphrase=secrets.passphrase or None,
                key_filename=str(settings.key_file) if settings.key_file else None,
                allow_agent=settings.agent,
                look_for_keys=False,
                timeout=settings.timeout,
                banner_timeout=settings.timeout,
                auth_timeout=settings.timeout,
                channel_timeout=settings.timeout,
            )
        except (paramiko.SSHException, OSError, EOFError, ValueError) as error:
            raise SourceUnavailable(_reason(error, host, settings)) from error
        yield client


def _trust(client: "paramiko.SSHClient", settings: SshSettings) -> None:
    """Only computers whose host key is known are trusted, unless the settings say otherwise; no file is changed."""
    import paramiko  # noqa: PLC0415 - slow to import

    if not settings.verify_host_keys:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        return
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    for path in settings.known_hosts:
        if path.expanduser().is_file():
            client.load_system_host_keys(str(path.expanduser()))


def _reason(error: Exception, host: Host, settings: SshSettings) -> str:
    """Why there is no login, and what to do about it; no secret is in it."""
    import paramiko  # noqa: PLC0415 - slow to import

    where = f"{host.name} port {host.port}"
    scan = f"ssh-keyscan -p {host.port} {host.name}"
    if isinstance(error, paramiko.BadHostKeyException):
        return (
            f"{where} has another host key than the known one: installed anew, or somebody is in between. Compare"
            f" `{scan} | ssh-keygen -lf -` with `ssh-keygen -lf` of its /etc/ssh/*.pub, then replace the known key"
        )
    if isinstance(error, paramiko.PasswordRequiredException):
        return f"{settings.key_file}: the key has a passphrase; say in key_passphrase where it is"
    if isinstance(error, paramiko.AuthenticationException):
        return (
            f"{where} does not accept the login: the account needs the public key in its ~/.ssh/authorized_keys,"
            " or the password is wrong"
        )
    if "not found in known_hosts" in str(error):
        return (
            f"{where}: its host key is not known. Compare `{scan} | ssh-keygen -lf -` with its own `ssh-keygen -lf"
            " /etc/ssh/ssh_host_ed25519_key.pub`, then add the key to a file of known_hosts"
        )
    if isinstance(error, TimeoutError):
        return f"{where}: no answer within {settings.timeout:g} s; is it on, and does a firewall let SSH through?"
    if isinstance(error, paramiko.ssh_exception.NoValidConnectionsError):
        error = next(iter(error.errors.values()))  # one for each address of the name
    plain = error.strerror if isinstance(error, OSError) else str(error)
    return f"{where}: {plain or type(error).__name__}; is its SSH server there?"
