"""vSphere: clusters, hosts, shared storage and virtual machines of a vCenter, or of a single ESXi, asked in pages."""

from collections import Counter
from collections.abc import Iterator

from pydantic import Field

from services.collectors.answers import emit_each, shown
from services.collectors.base import Check, CollectorType, Run, SourceUnavailable
from services.collectors.secret import SecretPlace, read_secret
from services.collectors.vsphere.client import Found, Server, connect
from services.collectors.vsphere.records import (
    CLUSTER,
    DATASTORE,
    HOST,
    MACHINE,
    TELLS,
    WANTED,
    Platform,
    is_placeholder,
    machine_draft,
)
from services.collectors.web import WebSettings

SHOWN = 10
"""Of what is missing, so many are named."""
GRANT = "give the user the role Read-only on the vCenter itself, with 'Propagate to children'"


class VsphereSettings(WebSettings):
    """Settings of a vSphere source; `url`: https://VCENTER."""

    url: str = Field(min_length=1, description="the vCenter or ESXi, https://HOST")
    user: str = Field(min_length=1, description="a user with the role Read-only, landkarte@vsphere.local")
    password: SecretPlace = Field(min_length=1, description="where the user's password is, env:NAME or file:PATH")


def collect(settings: VsphereSettings, run: Run) -> None:
    """Clusters, hosts and storage, which are few, then the machines. Raises SourceUnavailable."""
    with connect(settings, settings.user, read_secret(settings.password)) as server:
        platform = Platform(server.id)
        for of_type in (CLUSTER, HOST, DATASTORE):  # a host refers to its cluster, a machine to all of them
            for found in server.all({of_type: WANTED[of_type]}):
                _emit_platform(found, platform, run)
        machines = set[str]()
        for found in server.all({MACHINE: WANTED[MACHINE]}):
            machines.add(found.id)
            platform.hear(found)
            _emit_machine(found, platform, run)
        if not platform.hosts and not machines:
            raise SourceUnavailable(f"{settings.url}: the user sees no host and no machine; {GRANT}")
        _report_hidden(platform.told - {"", *platform.hosts, *machines}, server, run)


def _report_hidden(missing: set[str], server: Server, run: Run) -> None:
    """Report what others tell of and no list shows: a folder that the user may not read is left out without a word.

    What hosts no longer tell of when they are asked again was removed meanwhile.
    """
    if missing:
        again = Platform(server.id)
        for of_type in (CLUSTER, HOST, MACHINE):
            for found in server.all({of_type: TELLS[of_type]}):
                again.hear(found)
        missing &= again.told
    if missing:
        named = ", ".join(sorted(missing)[:SHOWN])
        more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
        run.report.failed(f"{named}{more}", f"others tell of it, and the user may not see it; {GRANT}")


def _emit_platform(found: Found, platform: Platform, run: Run) -> None:
    run.report.seen()
    if "name" not in found.properties:
        run.report.failed(shown(found.id), f"the user may not read it; {GRANT}")
    else:
        emit_each(run, [(str(found.properties["name"]), lambda: platform.add(found))])


def _emit_machine(found: Found, platform: Platform, run: Run) -> None:
    run.report.seen()
    name = shown(str(found.properties.get("name") or found.id))
    if found.properties.get("config.template"):
        run.report.skipped(name, "a template: it never runs")
    elif is_placeholder(found):
        run.report.skipped(name, "a placeholder: the machine itself is at another site")
    elif any(path.startswith("config") for path in found.unread):
        run.report.failed(name, f"the user may not read its configuration; {GRANT}")
    elif "config.uuid" not in found.properties:
        run.report.failed(name, "its configuration cannot be read: it is inaccessible or orphaned; mend or remove it")
    else:
        emit_each(run, [(name, lambda: machine_draft(found, platform))])


def check(settings: VsphereSettings) -> Iterator[Check]:
    """The connection and the login, then what the user sees."""
    with connect(settings, settings.user, read_secret(settings.password)) as server:
        yield Check(f"{settings.url} answers, and the user may log in: {server.name}")
        seen = _visible(server)
    for of_type, what in ((HOST, "hosts"), (MACHINE, "virtual machines")):
        fault = "" if seen[of_type] else f"none is visible; {GRANT}"
        yield Check(f"{seen[of_type]} {what} are visible", fault)


def _visible(server: Server) -> Counter[str]:
    return Counter(found.type for of_type in (HOST, MACHINE) for found in server.all({of_type: ("name",)}))


COLLECTOR = CollectorType(
    "vsphere", "vSphere: clusters, hosts, virtual machines of a vCenter", VsphereSettings, collect, 50, check
)
