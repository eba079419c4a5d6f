"""The services of a CycloneDX bill (SaaSBOM), and which uses which. Pure.

Drawn are dependencies between services, and between what is described and services. Those between libraries are not:
the graph has a library once for all who have it, so that its dependencies in one bill would be those of all.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from events.models import LONGEST_NAME, Draft, Relation, Section
from services.collectors.parts import DECLARED, given, identifiers, key_of, related
from services.collectors.sbom import Part, key_of_subject, many, part, text


@dataclass(frozen=True, slots=True)
class Service:
    """A service. `ref`: its name in this file; `data`: whether it says that data flow to or from it."""

    ref: str
    name: str
    kind: str
    group: str
    provider: str
    description: str
    hosts: tuple[str, ...]
    data: bool

    def full_name(self, subject: Part) -> str:
        """Names like `Postgres` name a service only together with what it belongs to."""
        return f"{subject.name}: {self.name}"[:LONGEST_NAME]

    def to_draft(self, subject: Part, kind: str, services: Collection["Service"], needs: Collection[str]) -> Draft:
        """Its record; an external service is known by its hosts too, one of ours runs on them."""
        external = self.kind == "ExternalService"
        hosts = [] if external else [("host", host) for host in self.hosts]
        return Draft(
            native_key=key_of(key_of_subject(kind, subject), self.group, self.name, self.ref),
            kind=self.kind,
            sections={
                "core": Section(
                    name=self.name[:LONGEST_NAME],
                    identifiers=identifiers(
                        ("name", self.full_name(subject)),
                        *(("hostname", host) for host in self.hosts if external),
                    ),
                    properties=given(
                        provider=self.provider if external else "",
                        description="" if "@" in self.description else self.description[:1000],
                    ),
                ),
                "dependencies": Section(
                    relations=(
                        *between(subject, services, needs),
                        *related("RUNS_ON", "Server", hosts, DECLARED),
                    )
                ),
            },
        )


def flat(items: Iterable[Mapping[str, Any]], inside: str) -> Iterator[Mapping[str, Any]]:
    """The items and all that are inside them, however deep."""
    waiting = list(items)[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(many(item, inside)[::-1])


def services_of(reported: Iterable[Mapping[str, Any]]) -> tuple[Service, ...]:
    """The services with a name, each once; without a bom-ref they go by their name."""
    found: dict[str, Service] = {}
    for item in flat(reported, "services"):
        name = text(item, "name")
        ref = text(item, "bom-ref") or " ".join(filter(None, (text(item, "group"), name)))
        if name and ref not in found:
            found[ref] = _service(ref, name, item)
    return tuple(found.values())


def uses(bom: Mapping[str, Any], services: Collection[Service], subject: str) -> dict[str, set[str]]:
    """Which services each service needs, by their refs; `""` is what the bill describes.

    It needs what the bill says, and the services that nothing else needs: why else would they be in it?
    """
    known = {service.ref for service in services}
    needs: dict[str, set[str]] = {ref: set() for ref in ("", *known)}
    for item in many(bom, "dependencies"):
        named = item.get("dependsOn")
        others = {other for other in named if isinstance(other, str)} if isinstance(named, list) else set()
        ref = text(item, "ref")
        source = "" if ref == subject else ref
        if source in needs and ref:
            needs[source] |= others & known - {source}
    needs[""] |= known - {other for others in needs.values() for other in others}
    return needs


def between(subject: Part, services: Collection[Service], needs: Collection[str]) -> tuple[Relation, ...]:
    """What one end needs of these services, and exchanges data with."""
    relations: list[Relation] = []
    for service in services:
        if service.ref in needs:
            to = [("name", service.full_name(subject))]
            relations += related("DEPENDS_ON", service.kind, to, DECLARED)
            relations += related("EXCHANGES_DATA_WITH", service.kind, to, DECLARED) if service.data else ()
    return tuple(relations)


def _service(ref: str, name: str, item: Mapping[str, Any]) -> Service:
    """Run by a provider, or beyond a trust boundary: external. Else a workload of the city's own."""
    provider = text(part(item, "provider"), "name")
    external = bool(provider) or item.get("x-trust-boundary") is True
    return Service(
        ref=ref,
        name=name,
        kind="ExternalService" if external else "Workload",
        group=text(item, "group"),
        provider="" if "@" in provider else provider,
        description=text(item, "description"),
        hosts=tuple(sorted(_hosts(item.get("endpoints")))),
        data=bool(item.get("data")),
    )


def _hosts(endpoints: object) -> Iterator[str]:
    for endpoint in endpoints if isinstance(endpoints, list) else []:
        if isinstance(endpoint, str):
            try:
                host = urlsplit(endpoint).hostname
            except ValueError:
                continue
            if host:
                yield host[:255]
