"""Facts of Puppet: outputs of facter, a server's stored facts, or an export of PuppetDB; JSON or YAML."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from services.collectors.agent_inventory import text
from services.collectors.base import CollectorType, NotOurs, Run
from services.collectors.computer import to_drafts
from services.collectors.files import MIB, FileSettings, check_files, read_files
from services.collectors.formats import fault_of, parse_json, reported
from services.collectors.puppet.facts import to_facts

SUFFIXES = (".json", ".facts", ".yaml", ".yml")
_LONGEST_YAML = 4 * MIB
"""Facts of a node have a hundredth of it, and YAML is read slowly."""


def collect(settings: FileSettings, run: Run) -> None:
    """Every file: read, made records, emitted. Of an export of PuppetDB each node is an item."""
    for file, data in read_files(settings, SUFFIXES, run.report):
        nodes: list[tuple[str, Any]] = []
        with reported(run.report, file, "JSON or YAML"):
            nodes = list(nodes_in(re.sub(r"\.\w+$", "", file.rsplit("/", 1)[-1]), parse(data)))
            run.report.seen(len(nodes) - 1)
        for node, facts in nodes:
            try:
                run.emit(to_drafts(to_facts(facts), node, max_peers=0)[0])
            except ValueError as error:
                run.report.failed(f"{file}: {node[:80]}", fault_of(error, "facts of a node"))


def parse(data: bytes) -> Any:  # noqa: ANN401 - whatever stands there
    """The value in a file: JSON, or YAML, which begins with `---`. Raises ValueError, RecursionError."""
    if not data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"---"):
        return parse_json(data)
    if len(data) > _LONGEST_YAML:
        raise ValueError(f"{len(data):,} bytes of YAML, more than the {_LONGEST_YAML:,} that are read")
    import yaml  # noqa: PLC0415 - slow to import

    plain = re.sub(r"!ruby/\S+", "", data.decode("utf-8-sig"))  # a server's own classes: mere mappings to us
    try:
        return yaml.load(plain, Loader=_loader())  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _loader() -> Any:  # noqa: ANN401 - a class of either kind
    """Texts, lists and mappings alone, without anchors: these make gigabytes of a few lines."""
    import yaml  # noqa: PLC0415 - slow to import

    class PlainLoader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - PyYAML's own types
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("it refers to itself by an alias, which facts do not")
            return super().compose_node(parent, index)

    return PlainLoader


def nodes_in(file: str, value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, facts) of each node. Raises NotOurs.

    A file has the facts of one node; or a node's name and its `values`, as a server stores them; or, as PuppetDB
    exports them, a list of facts (`certname`, `name`, `value`) or of nodes (`certname`, `facts`).
    """
    if isinstance(value, Mapping):
        inner = next((value[name] for name in ("values", "facts") if isinstance(value.get(name), Mapping)), value)
        yield _node(text(value, "certname", "name") or file if inner is not value else file, inner)
    elif isinstance(value, list) and any(isinstance(item, Mapping) and text(item, "certname") for item in value):
        for node, facts in _exported(value).items():
            yield _node(node, facts)
    else:
        raise NotOurs("no facts of a node, and no export of PuppetDB")


def _exported(items: list[Any]) -> dict[str, dict[str, Any]]:
    nodes: dict[str, dict[str, Any]] = {}
    for item in items:
        if isinstance(item, Mapping) and (node := text(item, "certname")):
            facts = nodes.setdefault(node, {})
            if isinstance(item.get("facts"), Mapping):
                facts.update(item["facts"])
            elif text(item, "name"):
                facts[text(item, "name")] = item.get("value")
    return nodes


def _node(name: str, facts: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if not facts.keys() & {"networking", "os", "hostname", "fqdn", "operatingsystem", "kernel"}:
        raise NotOurs(f"{name[:80]}: no facts of a node: neither networking nor os nor kernel is in it")
    return name, facts


COLLECTOR = CollectorType(
    "puppet",
    "facts of Puppet (facter, PuppetDB; JSON or YAML)",
    FileSettings,
    collect,
    50,
    partial(check_files, suffixes=SUFFIXES),
)
