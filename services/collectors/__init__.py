"""The types of sources. A new one is a module with a `COLLECTOR`, and its name below."""

from services.collectors import fusioninventory, glpi, local, spreadsheet
from services.collectors.base import CollectorType

COLLECTORS: dict[str, CollectorType] = {
    module.COLLECTOR.name: module.COLLECTOR for module in (fusioninventory, glpi, local, spreadsheet)
}
