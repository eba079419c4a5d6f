"""What is asked of a Linux computer, by whatever way: the same files and commands, so that the same is said of it.

What may not be read is named in `missing`, and never fails the run.
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from services.collectors.computer import Facts, System
from services.collectors.computer_connections import Connections, connections_of
from services.collectors.machine import Command, CommandFailed, Machine
from services.collectors.machine_network import (
    LISTENING,
    Interface,
    Socket,
    is_virtual,
    own_addresses,
    read_interfaces,
    read_proc_net,
    read_ss,
)
from services.collectors.machine_packages import RPM_FORMAT, Package, apk_packages, dpkg_packages, rpm_packages
from services.collectors.tables import table

DMI = "/sys/class/dmi/id/"
ROOT_ONLY = (f"{DMI}product_serial", f"{DMI}product_uuid")
"""Files that only root may read."""
_DMI = (
    "sys_vendor", "product_name", "product_serial", "product_uuid", "chassis_type", "chassis_asset_tag", "bios_date",
    "bios_version",
)  # fmt: skip
HOSTNAME, KERNEL = "/proc/sys/kernel/hostname", "/proc/sys/kernel/osrelease"
DPKG, APK = "/var/lib/dpkg/status", "/lib/apk/db/installed"
REDHAT, SUSE = "/etc/redhat-release", "/etc/SuSE-release"
UNAME: Command = ("uname", "-m")
FQDN: Command = ("hostname", "-f")
IP: Command = ("ip", "addr")
SS: Command = ("ss", "-tunap")
SERVICES: Command = ("systemctl", "list-units", "--type=service", "--state=running", "--no-pager")
RPM: Command = ("rpm", "-qa", "--queryformat", RPM_FORMAT)
_RPM_PLACES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
_OLD_NAMES = {"CentOS": "centos", "Red Hat Enterprise": "rhel", "Oracle Linux": "ol", "SUSE Linux Enterprise": "sles"}
"""What os-release calls them in ID."""
T = TypeVar("T")


def read_facts(machine: Machine, *, connections: bool = True) -> Facts:
    """What can be read with the rights there are."""
    ask = Asking(machine)
    interfaces = ask.interfaces()
    addresses = own_addresses(interfaces or ())
    hostname = ask.file(HOSTNAME) or ask.file("/etc/hostname")
    return Facts(
        hostname=hostname,
        fqdn=fqdn_of(ask.command(FQDN)) or fqdn_of(hostname),
        machine_id=ask.file("/etc/machine-id"),
        dmi={name: ask.file(DMI + name) for name in _DMI},
        system=ask.system(),
        kernel=ask.file(KERNEL),
        architecture=ask.command(UNAME),
        **processor_of(ask.file("/proc/cpuinfo")),
        memory_mib=_memory(ask.file("/proc/meminfo")),
        container=ask.container(),
        macs=None if interfaces is None else list(dict.fromkeys(item.mac for item in interfaces if item.mac)),
        addresses=sorted(addresses),
        packages=ask.packages(),
        services=ask.services(),
        connections=ask.connections(addresses) if connections else None,
        missing=list(dict.fromkeys(ask.missing)),
    )


class Asking:
    """Questions to one computer; what it may not answer is noted in `missing`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.missing: list[str] = []

    def file(self, path: str) -> str:
        """The file's text, or "" where there is none or it may not be read, which is noted."""
        try:
            return self._machine.read(path)
        except PermissionError:
            self.missing.append(path.rsplit("/", 1)[-1])
            return ""

    def system(self) -> System:
        """The operating system; what is older than os-release has a file of its maker's."""
        text = self.file("/etc/os-release") or self.file("/usr/lib/os-release")
        return system_of(text) if text else old_system_of(self.file(REDHAT) or self.file(SUSE))

    def command(self, command: Command) -> str:
        """What the command writes, or "" where it failed, which is not noted: there is another way."""
        return self._try(command, lambda text: text) or ""

    def interfaces(self) -> list[Interface] | None:
        """The computer's own interfaces, or None where they cannot be told."""
        found = self._try(IP, read_interfaces)
        if found is not None:
            return found
        names = [name for name in self.command(("ls", "/sys/class/net")).split() if not is_virtual(name)]
        addresses = tuple(self.command(("hostname", "-I")).split())
        plain = [Interface(name, self.file(f"/sys/class/net/{name}/address"), ()) for name in names]
        return [*plain, Interface("", "", addresses)] if plain else None

    def connections(self, own: frozenset[str]) -> Connections | None:
        """The sockets; where there is no `ss`, as the kernel tells them, without processes."""
        told = self._try(SS, read_ss)
        sockets = self._proc_net() if told is None else told
        if not sockets:
            self.missing.append("connections")
            return None
        nameless = any(not item.process for item in sockets if item.state == LISTENING)
        if nameless and (told is None or self.command(("id", "-u")) != "0"):  # the kernel's own have none, ever
            self.missing.append("processes of other users")
        return connections_of(sockets, own)

    def services(self) -> list[str] | None:
        """Names of the system services that run; of one that runs for somebody, without who that is."""
        return self._try(SERVICES, services_of)

    def packages(self) -> list[Package] | None:
        """What is installed, by whichever package manager is there; None where none can be read."""
        found = [dpkg_packages(text) for text in [self.file(DPKG)] if text]
        found += [apk_packages(text) for text in [self.file(APK)] if text]
        rpm = self._try(RPM, rpm_packages)
        if rpm is None and any(self._machine.exists(place) for place in _RPM_PLACES):
            self.missing.append("rpm")
        found += [rpm] if rpm else []
        return [package for packages in found for package in packages] if found else None

    def container(self) -> str:
        """Which container this is, by what Docker, Podman and systemd leave for the purpose, or ""."""
        marks = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}
        found = (name for path, name in marks.items() if self._machine.exists(path))
        return next(found, "") or self.file("/run/systemd/container")

    def _proc_net(self) -> list[Socket]:
        tables = {name: self.file(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")}
        return [item for name, text in tables.items() for item in read_proc_net(name.removesuffix("6"), text)]

    def _try(self, command: Command, read: Callable[[str], T]) -> T | None:
        try:
            return read(self._machine.run(command))
        except CommandFailed:
            return None


def fqdn_of(text: str) -> str:
    """A full name, or "" for one without a domain."""
    return text if re.fullmatch(r"[\w-]+(\.[\w-]+)+\.?", text) and not text.startswith("localhost") else ""


def system_of(text: str) -> System:
    """What os-release tells (man 5 os-release)."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    told = {name.strip(): value.strip().strip("\"'") for name, value in pairs}
    return System(name=told.get("ID", ""), version=told.get("VERSION_ID", ""), full_name=told.get("PRETTY_NAME", ""))


def old_system_of(text: str) -> System:
    """What redhat-release (until 6) and SuSE-release (until 11) tell: a name and a version in the first line."""
    told = re.match(r"(?P<name>[A-Z][\w ]{2,60}?) (?:release )?(?P<version>\d[\d.]{0,10})\b", text)
    if not told:
        return System()
    minor = re.search(r"^PATCHLEVEL = (\d{1,3})$", text, re.MULTILINE)
    version = told["version"] + (f".{minor[1]}" if minor else "")
    name = next((name for sign, name in _OLD_NAMES.items() if told["name"].startswith(sign)), told["name"])
    return System(name=name, version=version, full_name=f"{told['name']} {version}")


def processor_of(text: str) -> dict[str, str | int]:
    """The model, and the number of cores (not of threads), as /proc/cpuinfo tells them."""
    blocks = [dict(re.findall(r"^([\w ]+?)[ \t]*: (.*)$", block, re.MULTILINE)) for block in text.split("\n\n")]
    cores = {(b.get("physical id"), b.get("core id", b["processor"])) for b in blocks if "processor" in b}
    return {"processor": next((b["model name"] for b in blocks if b.get("model name")), ""), "cores": len(cores)}


def services_of(text: str) -> list[str]:
    """The running services in what `systemctl` or `systemctl list-units` writes."""
    running = (str(row.get("unit", "")) for row in table("systemctl", text) if row.get("sub") == "running")
    return service_names(unit for unit in running if unit.endswith(".service"))


def service_names(units: Iterable[str]) -> list[str]:
    """Names of services; of one that runs for somebody (`user@1000`, `sync@erika`) without who that is."""
    names = {unit.removesuffix(".service").split("@")[0] for unit in units}
    return sorted(name for name in names if name and not re.match(r"(user|user-runtime-dir)$|session-", name))


def _memory(text: str) -> int:
    found = re.search(r"^MemTotal:\s+(\d{1,12}) kB", text, re.MULTILINE)
    return int(found.group(1)) // 1024 if found else 0
