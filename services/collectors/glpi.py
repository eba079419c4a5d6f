"""GLPI agent inventories: JSON files as the agent writes them with `--local` or `--json`."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from events.models import Draft
from services.collectors.agent_inventory import computer, device, part, text
from services.collectors.base import CollectorType, Run
from services.collectors.files import FileSettings, read_files

_DEVICES = {"NetworkEquipment", "Printer", "Storage", "Phone"}


class NotOurs(ValueError):
    """Readable, but no inventory of a kind this collector takes."""


def collect(settings: FileSettings, run: Run) -> None:
    """Every `.json` file: read, made a record, emitted."""
    for name, data in read_files(settings, (".json",), run.report):
        try:
            run.emit(to_draft(parse(data)))
        except NotOurs as error:
            run.report.skipped(name, str(error))
        except ValidationError as error:
            run.report.failed(name, f"not a usable inventory: {error.errors()[0]['msg']}")
        except (ValueError, RecursionError) as error:
            run.report.failed(name, f"not readable as JSON: {error}")


def parse(data: bytes) -> Mapping[str, Any]:
    """The object in a file. Raises ValueError for what is no JSON, NotOurs for what is no object."""
    found = json.loads(data)
    if not isinstance(found, Mapping):
        raise NotOurs("JSON, but no object: not an inventory")
    return found


def to_draft(inventory: Mapping[str, Any]) -> Draft:
    """The record of one inventory. Raises NotOurs."""
    content, device_id = inventory.get("content"), text(inventory, "deviceid").replace("#", "_")
    if not isinstance(content, Mapping) or not device_id:
        missing = "deviceid" if isinstance(content, Mapping) else "content"
        raise NotOurs(f"JSON, but no inventory of a GLPI agent: it has no {missing!r}")
    itemtype = text(inventory, "itemtype") or "Computer"
    if itemtype in _DEVICES or "network_device" in content:
        return device(device_id, part(content, "network_device"), content)
    if itemtype != "Computer":
        raise NotOurs(f"an inventory of the type {itemtype!r}, which is not read")
    if not {"hardware", "bios", "operatingsystem", "softwares", "networks"} & content.keys():
        raise NotOurs("an inventory without any section that is read")
    return computer(device_id, content)


COLLECTOR = CollectorType("glpi", "GLPI agent inventories (JSON files)", FileSettings, collect, 60)
