"""The mappings of what runs to applications that the configuration names, read for an answer."""

from inventory.applications import Rules
from services.collectors.applications.collector import COLLECTOR, read_rules
from services.collectors.base import Report, SourceUnavailable
from services.collectors.files import FileSettings
from services.settings import Settings


def rules_of(settings: Settings) -> tuple[Rules, list[str]]:
    """The rules of all sources of the type `applications`, and what of them could not be used, in words."""
    rules, faults = [], []
    for source in settings.sources:
        if source.type != COLLECTOR.name:
            continue
        report, own = Report(), source.own()
        assert isinstance(own, FileSettings)
        try:
            rules += read_rules(own, report)
        except SourceUnavailable as error:
            faults.append(f"{source.name}: {error}")
        faults += [f"{source.name}: {problem.item}: {problem.reason}" for problem in report.problems]
    return Rules(rules), faults
