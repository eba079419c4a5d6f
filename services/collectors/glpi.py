"""GLPI agent inventories: JSON files as the agent writes them with `--local` or `--json`."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from events.models import Draft
from services.collectors.agent_inventory import computer, databases, device, part, text
from services.collectors.base import CollectorType, NotOurs, Run, nobody
from services.collectors.files import FileSettings, check_files
from services.collectors.formats import emit_files, parse_json

SUFFIXES = (".json",)
_DEVICES = {"NetworkEquipment", "Printer", "Storage", "Phone"}


def collect(settings: FileSettings, run: Run) -> None:
    """Every `.json` file: read, made records, emitted."""
    emit_files(settings, SUFFIXES, "JSON", run, lambda data: to_drafts(parse(data), run.person))


def parse(data: bytes) -> Mapping[str, Any]:
    """The object in a file. Raises ValueError and RecursionError for what is no JSON, NotOurs for what is no object."""
    found = parse_json(data)
    if not isinstance(found, Mapping):
        raise NotOurs("JSON, but no object: not an inventory")
    return found


def to_drafts(inventory: Mapping[str, Any], person: Callable[[str], str] = nobody) -> Iterator[Draft]:
    """The records of one inventory: the device, and the database servers on it. Raises NotOurs."""
    content, device_id = inventory.get("content"), text(inventory, "deviceid").replace("#", "_")
    if not isinstance(content, Mapping) or not device_id:
        missing = "deviceid" if isinstance(content, Mapping) else "content"
        raise NotOurs(f"JSON, but no inventory of a GLPI agent: it has no {missing!r}")
    itemtype = text(inventory, "itemtype") or "Computer"
    if itemtype in _DEVICES or "network_device" in content:
        yield device(device_id, part(content, "network_device"), content)
        return
    if itemtype != "Computer":
        raise NotOurs(f"an inventory of the type {itemtype!r}, which is not read")
    if not {"hardware", "bios", "operatingsystem", "softwares", "networks"} & content.keys():
        raise NotOurs("an inventory without any section that is read")
    found = computer(device_id, content, person)
    yield found
    yield from databases(found, content)


COLLECTOR = CollectorType(
    "glpi", "GLPI agent inventories (JSON files)", FileSettings, collect, 60, partial(check_files, suffixes=SUFFIXES)
)
