"""Applications from what runs: observed software is put under the application that a declared mapping names.

What is observed is asked of the graph, once each run; what belongs together is said as records, like all else.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from events.models import Draft, Properties, Reference, Relation, Section
from graph.model import Node
from graph.store import AccessDenied, GraphReader, SchemaDiffers, StoreUnavailable
from inventory.applications import HOSTS, Rule, Rules, assigned
from inventory.identifiers import scheme_of
from services.collectors.answers import emit_each
from services.collectors.applications.mapping import read_mapping
from services.collectors.base import Check, CollectorType, Report, Run, SourceUnavailable
from services.collectors.files import FileSettings, check_files, read_files
from services.collectors.formats import reported
from services.collectors.parts import DECLARED, OBSERVED, identifiers, key_of

SUFFIXES = (".toml",)
SHOWN = 10
"""Of what belongs to an application at one host, so many are named."""
FEW = 20
_SCHEMES = ("smbios-uuid", "cloud-id", "machine-id", "mac", "name", "host", "ip")
"""By which a host is referred to: the first that is its own."""


def collect(settings: FileSettings, run: Run) -> None:
    """Every application of which something is observed, with the hosts. Raises SourceUnavailable: no graph."""
    rules = Rules(read_rules(settings, run.report))
    if not any(rule.application for rule in rules.rules):
        return
    if run.graph is None:
        raise SourceUnavailable("what runs is asked of the graph, which is not given here; use `landkarte collect`")
    try:
        with run.graph() as reader:
            _emit(reader, rules, run)
    except (StoreUnavailable, AccessDenied, SchemaDiffers) as error:
        raise SourceUnavailable(str(error)) from error


def read_rules(settings: FileSettings, report: Report) -> list[Rule]:
    """The rules of all files; what cannot be used is reported. Raises SourceUnavailable."""
    rules = []
    for name, data in read_files(settings, SUFFIXES, report):
        with reported(report, name, "TOML"):
            rules += read_mapping(name, data, report)
    return rules


def _emit(reader: GraphReader, rules: Rules, run: Run) -> None:
    hosts, found = assigned(reader, rules)
    if not hosts:
        raise SourceUnavailable(f"the graph has none of {', '.join(sorted(HOSTS))} yet; run the other sources first")
    wanted = {node_id for places in found.values() for node_id in places}
    references = refer_to(reader, [hosts[node_id].node for node_id in sorted(wanted)])
    for node_id in sorted(wanted - references.keys()):
        run.report.skipped(hosts[node_id].node.name, "no identifier is its own, so that nothing can refer to it")
    for name in sorted({rule.application for rule in rules.rules} - {"", *found}):
        run.report.skipped(f"application {name}", "nothing that is observed belongs to it")
    emit_each(
        run, ((f"application {name}", partial(to_draft, name, found[name], references)) for name in sorted(found))
    )


def to_draft(name: str, places: Mapping[str, Collection[str]], references: Mapping[str, Reference]) -> Draft:
    """One application: RUNS_ON each host, with what of it was found there."""
    relations = [
        Relation(type="RUNS_ON", to=references[node_id], properties=_said(matched))
        for node_id, matched in places.items()
        if node_id in references
    ]
    section = Section(name=name, identifiers=identifiers(("name", name)), relations=tuple(relations))
    return Draft(native_key=key_of(" ".join(name.casefold().split())), kind="Application", sections={"core": section})


def _said(matched: Collection[str]) -> Properties:
    """That a whole host belongs to it is declared; what runs there is observed."""
    named = sorted(matched)
    more = f", and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    evidence = DECLARED if all(text.startswith("host ") for text in named) else OBSERVED
    return {**evidence, "matched": ", ".join(named[:SHOWN]) + more}


def refer_to(reader: GraphReader, nodes: Collection[Node]) -> dict[str, Reference]:
    """For each asset the identifier that finds it alone; those that have none are missing."""
    records = {node.id: {claim.record for claims in node.claims.values() for claim in claims} for node in nodes}
    held = reader.identifiers([key for keys in records.values() for key in sorted(keys)])
    keys = {key for identifiers in held.values() for key in identifiers if scheme_of(key) in _SCHEMES}
    holders = reader.holders(sorted(keys), FEW)
    found = {}
    for node in nodes:
        mine = {key for record in records[node.id] for key in held.get(record, ()) if key in holders}
        own = [key for key in mine if holders[key].records and holders[key].records <= records[node.id]]
        if own:
            found[node.id] = _reference(min(own, key=_preferred), node.kind)
    return found


def _preferred(key: str) -> tuple[int, bool, str]:
    """Of host names the whole one: the first label may be another's as well."""
    return _SCHEMES.index(scheme_of(key)), "." not in key, key


def _reference(key: str, kind: str) -> Reference:
    _, scheme, value = key.split("|", 2)
    return Reference(scheme=scheme, value=value, kind=kind)


def check(settings: FileSettings) -> Iterator[Check]:
    """Whether the files can be read, and every entry of them."""
    yield from check_files(settings, SUFFIXES)
    report = Report()
    rules = read_rules(settings, report)
    yield Check(f"{len(rules)} entries", "" if rules else "none can be used")
    yield from (Check(problem.item, problem.reason) for problem in report.problems)


COLLECTOR = CollectorType(
    "applications", "applications from what runs, by a declared mapping", FileSettings, collect, 65, check
)
