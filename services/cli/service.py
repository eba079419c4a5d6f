"""Commands that run or look after the services: inventory, serve, status, deadletters."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import structlog
import typer
import uvicorn

from events.deadletters import DeadLetter, read_dead_letter
from events.log import DEADLETTERS, EventLog, up_to
from services import bootstrap, logs
from services.api import create_app
from services.api.state import State
from services.cli.common import EXPECTED, Config, Failed, end_when_told, open_both, settings_of
from services.cli.output import Format, cell, counted, fields, out, print_json, print_rows, say, waiting
from services.consumer import Consumer
from services.intake import receiving
from services.scheduling import scheduling
from services.settings import ConfigurationError, Settings
from services.status import status_of

READ_BYTES = 4 * 1024 * 1024
HIGHEST_PORT = 65535
As = Annotated[Format, typer.Option("--format", help="how it is printed")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("inventory")(inventory)
    app.command("serve")(serve)
    app.command("status")(status)
    group = typer.Typer(help="Events that could not be read.", no_args_is_help=True)
    group.command("list")(list_dead)
    group.command("show")(show_dead)
    group.command("retry")(retry_dead)
    app.add_typer(group, name="deadletters")


def inventory(
    once: Annotated[bool, typer.Option("--once", help="stop when caught up")] = False, config: Config = None
) -> None:
    """Events become the graph. Any number of these run; one writes."""
    logs.set_up()
    settings = settings_of(config)
    log, store = open_both(settings)
    consumer = bootstrap.make_consumer(settings, log, store, waiting)
    try:
        if not once:
            consumer.run(threading.Event())
        applied = consumer.catch_up()
    finally:
        consumer.release()  # another may write at once, and need not wait for the lease to end
    say(f"{counted(applied, 'event')} applied; {counted(store.status().journal, 'change')} so far")


def serve(
    host: Annotated[str, typer.Option(show_default="the setting's, 127.0.0.1", help="address to listen on")] = "",
    port: Annotated[
        int | None, typer.Option(min=1, max=HIGHEST_PORT, show_default="the setting's, 8421", help="port to listen on")
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="listen beyond this computer, though there is no authentication yet")
    ] = False,
    config: Config = None,
) -> None:
    """The API; in the embedded profile the inventory and the schedule too."""
    logs.set_up()
    settings = settings_of(config)
    address = host or settings.host
    if not _loopback(address) and not allow_remote:
        raise ConfigurationError(
            f"host: {address!r} is reachable from other computers and there is no authentication yet; "
            "use 127.0.0.1, or say --allow-remote"
        )
    serve_until_stopped(settings, address, port or settings.port)


def serve_until_stopped(settings: Settings, host: str, port: int) -> None:
    """Serve the API, and embedded the rest too, until the process is told to stop."""
    _check_free(host, port)
    end_when_told()  # uvicorn stops, then raises the signal once more: what else runs must end too
    log, store = open_both(settings)
    with ExitStack() as running:
        consumer = None
        if bootstrap.embedded(settings):
            consumer = bootstrap.make_consumer(settings, log, store, waiting)
            running.enter_context(_consuming(consumer))
            running.enter_context(scheduling(settings, store))
        opened = running.enter_context(receiving(settings, store, waiting))
        state = State(settings, log, store, consumer)
        running.callback(state.close)
        state.live.keep()
        app = create_app(state, opened)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"listening on {address}; {address}/docs shows the API; Ctrl-C stops")
        uvicorn.run(app, host=host, port=port, log_level="warning")


def _check_free(host: str, port: int) -> None:
    """Raises Failed where nobody could listen: told before anything starts, and with the way out."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]
        raise Failed(
            f"{host}:{port} cannot be listened on: {reason}; "
            "is another `landkarte serve` running? --port and --host take others"
        ) from error


@contextmanager
def _consuming(consumer: Consumer) -> Iterator[None]:
    """While it is entered, the inventory runs in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=_consume, args=(consumer, stop), name="inventory")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _consume(consumer: Consumer, stop: threading.Event) -> None:
    try:
        consumer.run(stop)
    except EXPECTED as error:
        structlog.get_logger().error("the inventory stopped", reason=str(error))
        say(f"landkarte: the inventory stopped: {error}")


def status(form: As = Format.TABLE, config: Config = None) -> None:
    """How far the graph is, what waits, and when each source was last heard of."""
    settings = settings_of(config)
    store, log = bootstrap.open_store(settings), bootstrap.open_log(settings)
    found = fields(status_of(settings, log, store))
    found["runs"] = {run.source: f"{run.status} {cell(run.ended)}" for run in reversed(store.runs())}
    if form is Format.JSON:
        print_json(found)
        return
    rows = [{"name": name, "value": value} for name, value in _flat(found)]
    print_rows(rows, {"name": "NAME", "value": "VALUE"}, form)


def _flat(found: dict[str, object]) -> list[tuple[str, object]]:
    flat: list[tuple[str, object]] = []
    for name, value in found.items():
        flat += [(f"{name} {key}", item) for key, item in value.items()] if isinstance(value, dict) else [(name, value)]
    return flat


def list_dead(form: As = Format.TABLE, config: Config = None) -> None:
    """Dead letters: where each stood, and why it could not be read."""
    rows = [{"id": letter_id(letter), "key": letter.original.key.decode(errors="replace"), "reason": letter.reason}
            for letter in _dead_letters(bootstrap.open_log(settings_of(config)))]  # fmt: skip
    print_rows(rows, {"id": "ID", "key": "KEY", "reason": "REASON"}, form)


def show_dead(letter: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """One dead letter in full."""
    found = _dead_letter(bootstrap.open_log(settings_of(config)), letter)
    headers = {name: value.decode(errors="replace") for name, value in found.original.headers}
    out.print(found.reason, markup=False)
    print_json({"headers": headers, "value": found.original.value.decode(errors="replace")})


def retry_dead(letter: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """Say it again, for a version that can read it now; what is older than the graph knows is ignored."""
    log = bootstrap.open_log(settings_of(config))
    log.append([_dead_letter(log, letter).original])
    say(f"{letter}: said again")


def letter_id(letter: DeadLetter) -> str:
    """Where the message stood: topic/partition@offset."""
    return f"{letter.origin.topic}/{letter.origin.partition}@{letter.offset}"


def _dead_letter(log: EventLog, wanted: str) -> DeadLetter:
    found = next((letter for letter in _dead_letters(log) if letter_id(letter) == wanted), None)
    if found is None:
        raise Failed(f"there is no dead letter {wanted!r}; `landkarte deadletters list` shows them")
    return found


def _dead_letters(log: EventLog) -> Iterator[DeadLetter]:
    ends = log.ends([DEADLETTERS])
    for messages in up_to(log, dict.fromkeys(ends, 0), ends, max_bytes=READ_BYTES):
        yield from map(read_dead_letter, messages)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
