"""Facts that Ansible gathered: files of `ansible -m setup --tree`, of a fact cache (jsonfile), or its saved output."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from events.models import Draft
from services.collectors.agent_inventory import many, text
from services.collectors.ansible.facts import to_facts
from services.collectors.base import CollectorType, NotOurs, Run
from services.collectors.computer import to_drafts
from services.collectors.files import FileSettings, check_files, read_files
from services.collectors.formats import UNREADABLE, fault_of, parse_json
from services.collectors.persons import without_logins

_STATUS = re.compile(r"^(?P<host>\S+) \| (?P<status>[A-Z]+)!? => ", re.MULTILINE)


class Unreached(Exception):
    """Ansible could not read a host; the text says why."""


def collect(settings: FileSettings, run: Run) -> None:
    """Every file, named after its host: read, made a record, emitted. A host that Ansible did not reach is failed."""
    for file, data in read_files(settings, (), run.report):
        try:
            answers = list(answers_in(file.rsplit("/", 1)[-1], data))
        except UNREADABLE as error:
            run.report.failed(file, fault_of(error, "JSON"))
            continue
        run.report.seen(len(answers) - 1)
        for host, answer in answers:
            item = file if len(answers) == 1 else f"{file}: {host}"
            try:
                run.emit(to_draft(host, answer))
            except NotOurs as error:
                run.report.skipped(item, str(error))
            except Unreached as error:
                run.report.failed(item, str(error))
            except ValueError as error:
                run.report.failed(item, fault_of(error, "JSON"))


def answers_in(file: str, data: bytes) -> Iterator[tuple[str, Any]]:
    """(host, answer) of each host in a file: one, or as many as `ansible` wrote to the terminal. Raises ValueError."""
    if b" => " in data[:4096] and (written := data.decode(errors="replace")) and _STATUS.search(written):
        for found in _STATUS.finditer(written):
            yield found["host"], json.JSONDecoder().raw_decode(written, found.end())[0]
        return
    answer = parse_json(data)
    if isinstance(answer, Mapping) and isinstance(answer.get("__payload__"), str):  # a cache of ansible-core 2.19 on
        yield re.sub(r"^s\d+_", "", file), json.loads(answer["__payload__"])
    else:
        yield file.removesuffix(".json"), answer


def to_draft(host: str, answer: object) -> Draft:
    """The record of a host. Raises NotOurs, Unreached, ValueError."""
    if not isinstance(answer, Mapping):
        raise NotOurs("JSON, but no object: no facts of Ansible")
    if answer.get("unreachable") is True or answer.get("failed") is True:
        what = "did not reach the host" if answer.get("unreachable") is True else "could not gather facts"
        raise Unreached(f"Ansible {what}: {_reason(answer)}")
    told = answer.get("ansible_facts", answer)
    facts = {str(name).removeprefix("ansible_"): value for name, value in told.items()} if _is_map(told) else {}
    if not text(facts, "hostname", "nodename", "fqdn", "distribution"):
        if facts.keys() & {"packages", "services"}:
            raise NotOurs("packages or services alone; gather facts too, and let a fact cache keep both in one file")
        raise NotOurs("JSON, but no facts of Ansible: neither hostname nor distribution is in it")
    return to_drafts(to_facts(facts), host, max_peers=0)[0]


def _is_map(value: object) -> bool:
    return isinstance(value, Mapping)


def _reason(answer: Mapping[str, Any]) -> str:
    """What Ansible said, without whose login it tried."""
    said = text(answer, "msg", "module_stderr", "module_stdout") or next(
        (text(item, "msg") for item in many(answer, "results")), ""
    )
    return without_logins(said)[:500] or "it did not say why"


COLLECTOR = CollectorType(
    "ansible", "facts that Ansible gathered (JSON files)", FileSettings, collect, 50, partial(check_files, suffixes=())
)
