"""Which command a saved output is of, by its name or its beginning, and what it answers. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.collectors.base import NotOurs
from services.collectors.machine import Command
from services.collectors.machine_network import read_interfaces, read_ss
from services.collectors.machine_packages import apk_packages, dpkg_packages, rpm_packages
from services.collectors.machine_reading import (
    APK,
    DMI,
    DPKG,
    FQDN,
    HOSTNAME,
    IP,
    KERNEL,
    REDHAT,
    RPM,
    SERVICES,
    SS,
    SUSE,
    UNAME,
    old_system_of,
    system_of,
)
from services.collectors.tables import table

Answers = Mapping[str | Command, str]
"""What a computer would answer: the text of a file by its path, the output of a command by its words."""
_BEGINNING = 4096


@dataclass(frozen=True)
class Form:
    """A kind of saved output: what its file is called, how it begins, what it answers."""

    name: re.Pattern[str]
    begins: re.Pattern[str] | None
    read: Callable[[str], Answers]


def _whole(question: str | Command, understood: Callable[[str], object] = bool) -> Callable[[str], Answers]:
    """The text as it stands, where something in it is understood."""
    return lambda text: {question: text} if understood(text) else {}


def _word(question: str | Command) -> Callable[[str], Answers]:
    """A text of one word."""
    return lambda text: {question: text} if re.fullmatch(r"[\w.:/-]{1,255}", text) else {}


def _uname(text: str) -> Answers:
    if re.fullmatch(r"\S{1,255}", text):
        return {KERNEL: text}
    told = next(iter(table("uname", text)), {})
    fields: dict[str | Command, str] = {HOSTNAME: "node_name", KERNEL: "kernel_release", UNAME: "machine"}
    return {question: str(told[field]) for question, field in fields.items() if told.get(field)}


def _hostnamectl(text: str) -> Answers:
    told = {name.casefold(): value for name, value in re.findall(r"^ *([\w ]+?): (\S.*)$", text, re.MULTILINE)}
    fields: dict[str | Command, str] = {
        HOSTNAME: "static hostname",
        "/etc/machine-id": "machine id",
        f"{DMI}sys_vendor": "hardware vendor",
        f"{DMI}product_name": "hardware model",
    }
    return {question: told[field].strip() for question, field in fields.items() if field in told}


def _dmidecode(text: str) -> Answers:
    found: dict[str | Command, str] = {}
    names = {
        "System Information": {
            "manufacturer": "sys_vendor",
            "product_name": "product_name",
            "serial_number": "product_serial",
            "uuid": "product_uuid",
        },
        "BIOS Information": {"version": "bios_version", "release_date": "bios_date"},
        "Chassis Information": {"asset_tag": "chassis_asset_tag", "type": "chassis_type"},
    }
    for row in table("dmidecode", text):
        values = row.get("values")
        for field, file in names.get(str(row.get("description")), {}).items():
            if isinstance(values, Mapping) and values.get(field):
                found.setdefault(DMI + file, str(values[field]))
    return found


def _form(name: str, read: Callable[[str], Answers], begins: str = "") -> Form:
    return Form(
        re.compile(name, re.IGNORECASE), re.compile(begins, re.MULTILINE | re.IGNORECASE) if begins else None, read
    )


FORMS = (
    _form(
        r"os[-_]release", _whole("/etc/os-release", lambda text: system_of(text).name), r"^(PRETTY_NAME|VERSION_ID)="
    ),
    _form(r"(redhat|centos|system)[-_]release", _whole(REDHAT, lambda text: old_system_of(text).name)),
    _form(r"suse[-_]release", _whole(SUSE, lambda text: old_system_of(text).name)),
    _form(r"^hostnamectl", _hostnamectl, r"^ *Static hostname: "),
    _form(r"^hostname[-_ ]*(f|fqdn)\b", _word(FQDN)),
    _form(r"^(etc[-_])?hostname\b", _word(HOSTNAME)),
    _form(r"machine[-_]id\b", _word("/etc/machine-id")),
    _form(r"^uname[-_ ]*m\b", _word(UNAME)),
    _form(r"^uname", _uname, r"\ALinux \S+ \d"),
    _form(r"^dpkg", _whole(DPKG, dpkg_packages), r"^Desired=Unknown/|^Status: install ok installed"),
    _form(r"^rpm", _whole(RPM, rpm_packages)),
    _form(r"^apk|^installed$", _whole(APK, apk_packages)),
    _form(r"^(ss|netstat)(\b|_)", _whole(SS, read_ss), r"^(Netid +)?State +Recv-Q|^Proto +Recv-Q"),
    _form(r"^systemctl", _whole(SERVICES, lambda text: table("systemctl", text)), r"^ *UNIT +LOAD +ACTIVE"),
    _form(
        r"^ip[-_ ]*(o[-_ ]*)?(a|addr|address)\b|^ifconfig", _whole(IP, read_interfaces), r"^\d+: [\w.-]+(@[\w.-]+)?: <"
    ),
    _form(r"dmidecode", _dmidecode, r"^# dmidecode"),
    _form(r"cpuinfo", _whole("/proc/cpuinfo"), r"\Aprocessor\s*: \d"),
    _form(r"meminfo", _whole("/proc/meminfo"), r"\AMemTotal: "),
)


def answers_in(name: str, text: str) -> Answers:
    """What a saved output answers. Raises NotOurs for one of no command that is read, ValueError for a broken one."""
    form = form_of(name, text)
    if form is None:
        raise NotOurs("neither its name nor its beginning tells a command that is read; docs/collectors.md names them")
    answers = form.read(text.strip())
    if not answers:
        raise ValueError("nothing in it is what this command writes")
    return answers


def form_of(name: str, text: str) -> Form | None:
    """The form of a file of this name and text, or None."""
    called = (form for form in FORMS if form.name.search(name))
    begun = (form for form in FORMS if form.begins and form.begins.search(text[:_BEGINNING]))
    return next(called, None) or next(begun, None)
