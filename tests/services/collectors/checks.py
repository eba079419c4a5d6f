"""Running a collector in a test, and what every draft must keep to."""

from graph.metamodel import KINDS, RELATIONS
from inventory.reading import fault_of
from services.collectors import COLLECTORS
from services.collectors.base import Report, Run


def collected(kind, /, *paths, **settings):
    """The drafts a collector emits from these paths, and its report."""
    collector = COLLECTORS[kind]
    own = settings | ({"paths": list(paths)} if paths else {})
    report, drafts = Report(), []
    collector.collect(collector.settings.model_validate(own), Run(drafts.append, report))
    for draft in drafts:
        assert_in_metamodel(draft)
    return drafts, report


def assert_in_metamodel(draft):
    """Only what the metamodel declares: else it would be said and never shown."""
    assert fault_of(draft) is None
    declared = {item.name for item in KINDS[draft.kind].properties}
    for section in draft.sections.values():
        assert set(section.properties) <= declared, draft.native_key
        for relation in section.relations:
            assert set(relation.properties) <= {item.name for item in RELATIONS[relation.type].properties}


def reasons(report):
    """What was not used, and why."""
    return {problem.item: problem.reason for problem in report.problems}


def identifiers(draft):
    """(scheme, value) of all identifiers, as reported."""
    return {(item.scheme, item.value) for section in draft.sections.values() for item in section.identifiers}


def related(draft, relation):
    """The other ends of one type of relation."""
    return [item.to for section in draft.sections.values() for item in section.relations if item.type == relation]
