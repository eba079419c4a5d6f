"""Scans of nmap: XML files as it writes them with `-oX`, read one host at a time."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse
from pydantic import Field

from services.collectors.base import Check, CollectorType, NotOurs, Report, Run
from services.collectors.files import MIB, FileSettings, check_files, usable_files
from services.collectors.formats import MAX_DEPTH, UNREADABLE, fault_of
from services.collectors.nmap.host import address, to_draft

SUFFIXES = (".xml",)
MAX_HOST = 16 * MIB
MAX_ELEMENTS = 300_000
"""Of one host, bytes and elements; 65,535 open ports with their services are about two thirds of either."""


class NmapSettings(FileSettings):
    """Settings of the collector `nmap`."""

    max_bytes: int = Field(default=1024 * MIB, gt=0, description="larger files are not read, bytes")
    min_accuracy: int = Field(default=90, ge=1, le=100, description="least accuracy of a guessed system, percent")


class _Bounded:
    """A file that ends with ValueError where too much is read before `restart`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._size = file, 0

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self._size += len(part)
        if self._size > MAX_HOST:
            raise ValueError(f"one host alone takes more than {MAX_HOST:,} bytes")
        return part

    def restart(self) -> None:
        self._size = 0


def collect(settings: NmapSettings, run: Run) -> None:
    """Every scan, the newest first: where several tell of a host, the newest is believed."""
    found = list(usable_files(settings, SUFFIXES, run.report))
    told: dict[str, int] = {}
    for number, (name, path) in enumerate(sorted(found, key=lambda item: (-_started(item[1]), item[0]))):
        up = 0
        try:
            for host in read_hosts(path):
                up += 1
                if not address(host, "mac", "ipv4", "ipv6"):
                    run.report.skipped(f"{name}, host {up}", "it has no address, so that nothing names it")
                elif key := _key(host, number, told):
                    run.emit(to_draft(host, key, settings.min_accuracy))
            if not up:
                run.report.skipped(name, "a scan in which no host is up")
        except NotOurs as error:
            run.report.skipped(name, str(error))
        except OSError as error:
            run.report.failed(name, f"cannot be read: {error.strerror or error}")
        except UNREADABLE as error:
            run.report.failed(name, fault_of(error, "XML"))


def read_hosts(path: Path) -> Iterator[Element]:
    """The hosts that are up. Raises OSError, NotOurs, and what parsing raises; what came before was still good."""
    with path.open("rb") as file:
        yield from _hosts(_Bounded(file))


def _hosts(file: _Bounded) -> Iterator[Element]:
    root: Element | None = None
    depth = count = 0
    for event, element in iterparse(file, events=("start", "end"), forbid_dtd=False):
        if root is None:
            root = _root(element)
        depth, count = (depth + 1, count + 1) if event == "start" else (depth - 1, count)
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_DEPTH} elements in one another, or {MAX_ELEMENTS:,} of one host")
        if event == "end" and depth == 1:
            if element.tag == "host" and _is_up(element):
                yield element
            root.clear()
            file.restart()
            count = 0


def _root(element: Element) -> Element:
    if element.tag != "nmaprun":
        raise NotOurs(f"XML, but no scan of nmap: it begins with <{element.tag}>, not <nmaprun>")
    if element.get("scanner", "nmap") != "nmap":
        raise NotOurs(f"a scan of {element.get('scanner')}, which tells one host in many parts; only nmap's are read")
    return element


def _is_up(host: Element) -> bool:
    status = host.find("status")
    return status is None or status.get("state") == "up"


def _key(host: Element, number: int, told: dict[str, int]) -> str:
    """The record's key; "" where a newer scan told of the host. A MAC that answers for several has their addresses."""
    mac, ip = address(host, "mac").lower(), address(host, "ipv4", "ipv6")
    for key in (mac, f"{mac} {ip}") if mac else (ip,):
        if key and key not in told:
            told[key] = number
            return key
        if told.get(key) != number:
            return ""
    return ""


def _started(path: Path) -> int:
    """When the scan began, seconds since 1970; 0 where that is not told."""
    try:
        with path.open("rb") as file:
            found = re.search(rb'<nmaprun\b[^>]*?\bstart="(\d{1,12})"', file.read(64 * 1024))
    except OSError:
        return 0  # it is reported when it is read
    return int(found.group(1)) if found else 0


def check(settings: NmapSettings) -> Iterator[Check]:
    """Whether there are files, may be read, and are scans."""
    yield from check_files(settings, SUFFIXES)
    for name, path in usable_files(settings, SUFFIXES, Report()):
        try:
            hosts = sum(1 for _ in read_hosts(path))
        except (NotOurs, OSError) as error:
            yield Check(name, str(error))
        except UNREADABLE as error:
            yield Check(name, fault_of(error, "XML"))
        else:
            yield Check(f"{name}: {hosts:,} hosts are up")


COLLECTOR = CollectorType("nmap", "scans of nmap (XML files)", NmapSettings, collect, 20, check)
