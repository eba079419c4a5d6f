"""Musterstadt as a plan: machines and applications, drawn from a seed alone."""

import random
import string
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from services.sample_city import names

DOMAIN = "musterstadt.example"


class Size(StrEnum):
    """small: a tenth, with every chain and surprise; large: four times."""

    SMALL = "small"
    CITY = "city"
    LARGE = "large"


FACTOR = {Size.SMALL: 0.1, Size.CITY: 1.0, Size.LARGE: 4.0}
PACKAGES = {Size.SMALL: (20, 40), Size.CITY: (300, 500), Size.LARGE: (300, 500)}
System = tuple[str, str, str, str]


@dataclass
class Machine:
    """A computer as its agent will report it."""

    name: str
    system: System
    vendor: str
    model: str
    chassis: str
    serial: str
    uuid: str
    mac: str
    address: str
    virtual: str = "Physical"
    guests: list["Machine"] = field(default_factory=list)
    packages: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def fqdn(self) -> str:
        return f"{self.name.lower()}.{DOMAIN}"


@dataclass
class City:
    """Everything that the source files tell."""

    size: Size
    rnd: random.Random
    hosts: list[Machine] = field(default_factory=list)
    servers: list[Machine] = field(default_factory=list)
    clients: list[Machine] = field(default_factory=list)
    applications: list[dict[str, str]] = field(default_factory=list)
    laptop: Machine | None = None

    @property
    def machines(self) -> list[Machine]:
        return [*self.hosts, *self.servers, *self.clients]


def scaled(size: Size, number: int) -> int:
    """A count for this size; nothing disappears from the smallest."""
    return max(1, round(number * FACTOR[size]))


def make_city(size: Size, seed: int) -> City:
    """The same size and seed give the same city."""
    city = City(size, random.Random(seed))  # noqa: S311 - a plan, no secret
    numbers = count(1)
    _add_hosts(city, numbers)
    _add_servers(city, numbers)
    _add_clients(city, numbers)
    _place_guests(city)
    _install_programs(city)
    _add_applications(city)
    return city


def _add_hosts(city: City, numbers: Iterator[int]) -> None:
    for system in _systems(city, names.HYPERVISORS):
        city.hosts.append(_machine(city, f"ESX-{len(city.hosts) + 1:02}", system, next(numbers), names.HARDWARE))


def _add_servers(city: City, numbers: Iterator[int]) -> None:
    """Four in five are virtual. Some have names that the stories need."""
    systems = _systems(city, names.SERVER_SYSTEMS)
    physical = scaled(city.size, 100) - len(city.hosts)
    windows = [system for system in systems if "Server 2019" in system[2] or "Server 2022" in system[2]]
    told = {name: windows[n % len(windows)] for n, name in enumerate(("DC01", "DC02", *_story_servers()))}
    for system in told.values():
        systems.remove(system)
        windows = [left for left in windows if left is not system] or windows
    named = [*told.items(), *((f"SRV-{n:04}", system) for n, system in enumerate(systems, start=1))]
    for n, (name, system) in enumerate(named):
        machine = _machine(city, name, system, next(numbers), names.HARDWARE)
        if n < len(told) or n >= len(told) + physical:
            machine.virtual, machine.vendor, machine.model, machine.chassis = (
                "VMware",
                "VMware, Inc.",
                "VMware7,1",
                "Other",
            )
            machine.serial = f"VMware-{machine.uuid[:23]}"
        city.servers.append(machine)
    old = ("Windows", "", "Microsoft Windows Server 2008 R2 Standard", "6.1.7601")
    city.servers.append(_machine(city, "SRV-ALT-07", old, next(numbers), names.HARDWARE))


def _story_servers() -> list[str]:
    return [f"SRV-APP-{n:02}" for n in range(1, 9)] + ["SRV-SQL-01", "SRV-SQL-02"]


def _add_clients(city: City, numbers: Iterator[int]) -> None:
    for n, system in enumerate(_systems(city, names.CLIENT_SYSTEMS), start=1):
        city.clients.append(_machine(city, f"PC-{n:05}", system, next(numbers), names.CLIENT_HARDWARE))
    city.laptop = next(machine for machine in city.clients if machine.chassis == "Notebook")


def _place_guests(city: City) -> None:
    """Both domain controllers and the register of residents stand on ESX-02: nobody planned that."""
    guests = [server for server in city.servers if server.virtual == "VMware"]
    second = city.hosts[1 % len(city.hosts)]
    together = [guest for guest in guests if guest.name in {"DC01", "DC02", "SRV-APP-01", "SRV-SQL-01"}]
    second.guests += together
    for guest in guests:
        if guest not in together:
            city.rnd.choice(city.hosts).guests.append(guest)


def _install_programs(city: City) -> None:
    windows = [server for server in city.servers if server.system[0] == "Windows" and server.name != "SRV-ALT-07"]
    for machine in city.machines:
        machine.packages = list(_packages(city, machine))
    for share, name, version, publisher in names.PROGRAMS:
        for server in city.rnd.sample(windows, min(scaled(city.size, share), len(windows))):
            server.packages.append((name, version, publisher, ""))


def _packages(city: City, machine: Machine) -> Iterator[tuple[str, str, str, str]]:
    """Name, version, publisher and package format; the version belongs to the name, as it does in a managed city."""
    if machine.system[0] == "VMware ESXi":
        return
    number, release = city.rnd.randint(*PACKAGES[city.size]), ""
    if machine.system[0] in {"Windows", "MacOSX"}:
        pool = [(stem + suffix, "", "") for stem in names.WINDOWS_STEMS for suffix in names.WINDOWS_SUFFIXES]
    else:
        maker, release, form = names.LINUX_MAKERS.get(machine.system[0], ("", "", "deb"))
        pool = [(stem + suffix, maker, form) for stem in names.LINUX_STEMS for suffix in names.LINUX_SUFFIXES]
    for name, publisher, form in city.rnd.sample(pool, min(number, len(pool))):
        version = f"{sum(name.encode()) % 9 + 1}.{len(name) % 10}.{city.rnd.choice((0, 0, 0, 1))}"
        yield name, version + release, publisher, form


def _add_applications(city: City) -> None:
    """Those with a story first, then each office's tools; about a third run at the regional data centre."""
    hosts = _story_servers()
    for n, (name, vendor, office, process, _, _) in enumerate(names.CHAINS):
        server = {"Friedhofsverwaltung": "SRV-ALT-07"}.get(name, hosts[n % 8])
        server = city.clients[0].name if "Access" in name else server
        city.applications.append(
            {"name": name, "vendor": vendor, "office": office, "process": process, "server": server}
        )
    for n, (name, vendor, office) in enumerate(names.SHARED):
        city.applications.append({"name": name, "vendor": vendor, "office": office, "server": hosts[6 + n]})
    offices = [office for _, group in names.DEZERNATE for office in group]
    plain = [server.name for server in city.servers if server.name.startswith("SRV-0")]
    wanted, elsewhere = scaled(city.size, 250), scaled(city.size, 90)
    for n in range(wanted - len(city.applications)):
        tool, office = names.TOOLS[n // len(offices) % len(names.TOOLS)], offices[n % len(offices)]
        again = n // (len(offices) * len(names.TOOLS))
        row = {"name": f"{tool} {office}" + (f" {again + 1}" if again else ""), "vendor": "", "office": office}
        row |= {"external": names.REGIONAL} if n < elsewhere else {"server": city.rnd.choice(plain)}
        city.applications.append(row)


def _systems(city: City, shares: tuple[tuple[int, str, str, str, str], ...]) -> list[System]:
    return [tuple(system) for share, *system in shares for _ in range(scaled(city.size, share))]  # type: ignore[misc]


def _machine(city: City, name: str, system: System, number: int, hardware: tuple[tuple[str, str, str], ...]) -> Machine:
    vendor, model, chassis = city.rnd.choice(hardware)
    if system[0] == "MacOSX":
        vendor, model, chassis = "Apple Inc.", "MacBookPro18,3", "Notebook"
    alphabet = string.ascii_uppercase + string.digits
    return Machine(
        name=name,
        system=system,
        vendor=vendor,
        model=model,
        chassis=chassis,
        serial="".join(city.rnd.choices(alphabet, k=7 if vendor.startswith("Dell") else 10)),
        uuid=str(uuid.UUID(int=city.rnd.getrandbits(128), version=4)),
        mac="0e:5a:" + ":".join(f"{number >> shift & 255:02x}" for shift in (24, 16, 8, 0)),
        address=f"198.{18 + (number >> 16 & 1)}.{number >> 8 & 255}.{number & 255}",
    )
