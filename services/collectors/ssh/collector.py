"""Linux computers over SSH, without an agent: what `local` reads of this computer, of many others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from services.collectors.base import Check, CollectorType, Run, SourceUnavailable
from services.collectors.computer import Facts, to_drafts
from services.collectors.formats import fault_of
from services.collectors.machine import CommandFailed
from services.collectors.machine_reading import read_facts
from services.collectors.secret import read_secret
from services.collectors.ssh.machine import SshMachine, login
from services.collectors.ssh.settings import Host, Login, SshSettings


def collect(settings: SshSettings, run: Run) -> None:
    """Read each computer, make records of it, emit them. One that cannot be read is reported; the others go on."""
    secrets = _secrets(settings)
    with ThreadPoolExecutor(settings.parallel, thread_name_prefix="ssh") as pool:
        for host, found in pool.map(lambda host: (host, _read(host, settings, secrets)), settings.computers()):
            run.report.seen()
            if isinstance(found, str):
                run.report.failed(host.said, found)
                continue
            try:
                drafts = to_drafts(found, host.said, settings.max_peers)
            except ValueError as error:
                run.report.failed(host.said, fault_of(error, "facts of a computer"))
                continue
            for draft in drafts:
                run.emit(draft)


def _secrets(settings: SshSettings) -> Login:
    """Read once, for all computers. Raises SourceUnavailable."""
    if settings.key_file:
        try:
            settings.key_file.open("rb").close()
        except OSError as error:
            raise SourceUnavailable(f"key_file {settings.key_file} cannot be read: {error.strerror or error}") from None
    return Login(read_secret(settings.password), read_secret(settings.key_passphrase))


def _read(host: Host, settings: SshSettings, secrets: Login) -> Facts | str:
    """What a computer tells, or why it does not."""
    try:
        return read(host, settings, secrets)
    except SourceUnavailable as error:
        return str(error)


def read(host: Host, settings: SshSettings, secrets: Login) -> Facts:
    """What a computer tells. Raises SourceUnavailable."""
    with login(host, settings, secrets) as client:
        machine = SshMachine(client, settings)
        try:
            system = machine.run(("uname", "-s"))
        except CommandFailed as error:
            raise SourceUnavailable(f"it takes the login and runs no commands as a Unix does: {error}") from error
        if system != "Linux":
            raise SourceUnavailable(f"it runs {system[:80]!r}, and only Linux is read over SSH")
        return read_facts(machine, connections=settings.connections)


def check(settings: SshSettings) -> Iterator[Check]:
    """Whether each computer is reached, lets us in, and what it does not let us read."""
    secrets = _secrets(settings)
    for host in settings.computers():
        found = _read(host, settings, secrets)
        yield Check(f"{host.said}: login and commands", found if isinstance(found, str) else "")
        if isinstance(found, Facts):
            for what in found.missing:
                yield Check(f"{host.said}: {what}", "may not be read; allow it by `sudo = true` and docs/collectors.md")


COLLECTOR = CollectorType("ssh", "Linux computers over SSH, without an agent", SshSettings, collect, 50, check)
"""What a computer tells of itself, as `local` does; trusted as much."""
