"""Proxmox VE: nodes, virtual machines and containers of a cluster, asked with an API token or from saved answers."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from pydantic import Field

from services.collectors.agent_inventory import text
from services.collectors.answers import AnswerSettings, emit_each, nothing_said, shown
from services.collectors.base import Check, CollectorType, NotOurs, Report, Run, SourceUnavailable
from services.collectors.files import check_files, read_files
from services.collectors.formats import parse_json, reported
from services.collectors.proxmox.answers import Answers, Guest, agent_asked_for, take
from services.collectors.proxmox.records import is_template, to_drafts
from services.collectors.secret import SecretPlace, read_secret
from services.collectors.web import Refused, Web, connect

SUFFIXES = (".json",)
API = "/api2/json"
AUDIT = "pveum acl modify / --tokens '{token}' --roles PVEAuditor"
OK, FORBIDDEN = 200, 403
ABOVE = ("/", "/vms")
"""Paths whose rights the API names with 1 where they are handed down, else with 0."""
AGENT_RIGHTS = {"VM.GuestAgent.Audit", "VM.Monitor"}
"""Either lets a guest's agent be asked: the first since Proxmox VE 9, the second before."""


class ProxmoxSettings(AnswerSettings):
    """Settings of a Proxmox VE source: `url` of any node, https://HOST:8006, or `paths`."""

    token_id: str = Field(default="", description="the API token's id, USER@REALM!NAME")
    token: SecretPlace = Field(default="", description="where the token's secret is, env:NAME or file:PATH")
    agent: bool = Field(default=True, description="whether guest agents are asked for the system and the addresses")


def collect(settings: ProxmoxSettings, run: Run) -> None:
    """All that the cluster has. Raises SourceUnavailable: no answer, or no right to see any guest."""
    answers = Answers()
    if settings.paths:
        _read(settings, answers, run.report)
    else:
        with _connected(settings) as web:
            _ask(web, settings, answers, run.report)
    for guest in [guest for guest in answers.guests.values() if is_template(guest)]:
        run.report.skipped(shown(f"guest {guest.vmid}"), "a template: it never runs")
    nothing_said(settings, emit_each(run, to_drafts(answers)), run.report)


def _read(settings: ProxmoxSettings, answers: Answers, report: Report) -> None:
    for name, data in read_files(settings, SUFFIXES, report):
        with reported(report, name, "JSON"):
            take(answers, name, parse_json(data))


def _connected(settings: ProxmoxSettings) -> AbstractContextManager[Web]:
    secret = read_secret(settings.token)
    if not settings.token_id or not secret:
        raise SourceUnavailable(
            f"{settings.url}: token_id and token must be set; docs/collectors.md says how to make one"
        )
    return connect(settings, {"Authorization": f"PVEAPIToken={settings.token_id}={secret}"})


def _ask(web: Web, settings: ProxmoxSettings, answers: Answers, report: Report) -> None:
    rights = _rights(web)
    if "VM.Audit" not in set[str]().union(*rights.values()):
        raise SourceUnavailable(f"{settings.url}: the token may see no guest; grant it: {_grant(settings)}")
    if path := _hidden(rights):
        report.failed(f"right VM.Audit on {path}", f"guests may be missing; grant it: {_grant(settings)}")
    for path in ("cluster/status", "nodes", "cluster/resources"):
        _take(web, answers, path)
    for node in sorted(answers.nodes):
        report.seen()
        _ask_node(web, answers, node, report)
    for vmid in sorted(answers.guests):
        report.seen()
        _ask_guest(web, settings, answers.guests[vmid], answers, report)


def _take(web: Web, answers: Answers, path: str) -> None:
    """Raises SourceUnavailable, and Refused for what is no answer: it would look like a cluster without guests."""
    value = web.json(f"{API}/{path}")
    try:
        take(answers, path, value)
    except NotOurs as error:
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            return  # an empty list: a cluster without guests, a node on its own
        raise Refused(f"{path}: the answer is not what Proxmox VE answers: {error}", OK) from error


def _ask_node(web: Web, answers: Answers, node: str, report: Report) -> None:
    """One that is off is not asked, and keeps what it said; one that should answer and does not is said nothing of."""
    if text(answers.nodes[node].listed, "status") != "online":
        return
    try:
        for path in ("status", "certificates/info"):
            _take(web, answers, f"nodes/{node}/{path}")
    except Refused as error:
        report.failed(shown(f"node {node}"), str(error))
        del answers.nodes[node]


def _ask_guest(web: Web, settings: ProxmoxSettings, guest: Guest, answers: Answers, report: Report) -> None:
    path = f"nodes/{guest.node}/{guest.type}/{guest.vmid}"
    try:
        _take(web, answers, f"{path}/config")
    except Refused as error:
        report.failed(shown(f"guest {guest.vmid}"), str(error))
        del answers.guests[guest.vmid]
        return
    if settings.agent and text(guest.listed, "status") == "running":
        _ask_agent(web, answers, guest, path, report)


def _ask_agent(web: Web, answers: Answers, guest: Guest, path: str, report: Report) -> None:
    """An agent that does not answer leaves what it said last time as it was."""
    asked = ["interfaces"] if guest.type == "lxc" else []
    if guest.type == "qemu" and agent_asked_for(guest.config):
        asked = ["agent/get-osinfo", "agent/network-get-interfaces"]
    try:
        for name in asked:
            _take(web, answers, f"{path}/{name}")
    except SourceUnavailable as error:
        guest.system, guest.interfaces = None, None
        forbidden = isinstance(error, Refused) and error.status == FORBIDDEN
        hint = "; grant VM.GuestAgent.Audit, or set agent = false" if forbidden else ""
        report.skipped(shown(f"agent in guest {guest.vmid}"), f"what it said before stays: {error}{hint}")


def _rights(web: Web) -> dict[str, set[str]]:
    """By path the rights that the token has there; above guests only those that are handed down to them."""
    found = web.json(f"{API}/access/permissions")
    paths = found.get("data") if isinstance(found, dict) else None
    return {
        path: {right for right, handed_down in rights.items() if handed_down or path not in ABOVE}
        for path, rights in (paths if isinstance(paths, dict) else {}).items()
        if isinstance(rights, dict)
    }


def _hidden(rights: Mapping[str, set[str]]) -> str:
    """Where guests may be that the token does not see, which lists leave out without a word; "" for nowhere."""
    if "VM.Audit" not in rights.get("/vms", rights.get("/", set())):
        return "/vms"
    return next((path for path in sorted(rights) if path.startswith("/vms/") and "VM.Audit" not in rights[path]), "")


def _grant(settings: ProxmoxSettings) -> str:
    return AUDIT.format(token=settings.token_id)


def check(settings: ProxmoxSettings) -> Iterator[Check]:
    """Files, or: the answer, the token, and each right."""
    if settings.paths:
        yield from check_files(settings, SUFFIXES)
        return
    with _connected(settings) as web:
        found = web.json(f"{API}/version")
        data = found.get("data") if isinstance(found, dict) else None
        yield Check(f"{settings.url} answers: Proxmox VE {text(data, 'version') if isinstance(data, dict) else '?'}")
        by_path = _rights(web)
    rights = set[str]().union(*by_path.values()) - ({"VM.Audit"} if _hidden(by_path) else set())
    for right, why in (("Sys.Audit", "nodes"), ("VM.Audit", "guests")):
        yield Check(f"right {right} ({why})", "" if right in rights else f"missing; grant it: {_grant(settings)}")
    if settings.agent:
        fault = f"missing: {' or '.join(sorted(AGENT_RIGHTS))}; see docs/collectors.md, or set agent = false"
        yield Check("right to ask guest agents", "" if AGENT_RIGHTS & rights else fault)


COLLECTOR = CollectorType(
    "proxmox", "Proxmox VE: nodes, virtual machines, containers", ProxmoxSettings, collect, 45, check
)
