"""Installed packages, as dpkg, rpm and apk tell them. Pure; what is no package in a text is passed over."""

import re

from debian.deb822 import Deb822

from services.collectors.persons import maker

Package = dict[str, str]
RPM_FORMAT = r"%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n"
"""EPOCHNUM would be shorter, and rpm 4.4 (RHEL 5, SLES 11) does not know it."""
_RPM_FIELDS = RPM_FORMAT.count(r"\t") + 1
_RPM_LABEL = re.compile(r"(?P<name>[^\s/]+)-(?P<version>[^\s/-]+-[^\s/-]+)\.(?P<architecture>\w+)")
_APK_LABEL = re.compile(r"(?P<name>[^\s/]+?)-(?P<version>\d[^\s/-]*-r\d+)(?:\s+(?P<architecture>\S+))?")


def dpkg_packages(text: str) -> list[Package]:
    """What dpkg's status file or `dpkg -l` tells to be wholly installed.

    Of what is removed, dpkg keeps the configuration ("rc").
    """
    if re.search(r"^(Desired=|\|\|/ Name|[iruph][nicUFHWt] +\S+ +\S+ )", text, re.MULTILINE):
        return _dpkg_list(text)
    found = Deb822.iter_paragraphs(text.splitlines(keepends=True), use_apt_pkg=False)
    return [
        _package("deb", package["Package"], package.get("Version"), package.get("Architecture"), package.get("Origin"))
        for package in found
        if package.get("Status", "").endswith(" installed") and package.get("Package")
    ]


def _dpkg_list(text: str) -> list[Package]:
    rows = (line.split(None, 4) for line in text.splitlines() if re.match(r"[ih]i[ R] ", line))
    return [_package("deb", row[1].split(":")[0], row[2], row[3]) for row in rows if len(row) > 3]  # noqa: PLR2004


def apk_packages(text: str) -> list[Package]:
    """What Alpine's `installed` database, `apk info -v` or `apk list --installed` tells."""
    if not re.search(r"^P:", text, re.MULTILINE):
        labels = (_APK_LABEL.match(line) for line in text.splitlines())
        return [_package("apk", m["name"], m["version"], m["architecture"]) for m in labels if m]
    blocks = (_apk_block(block) for block in text.split("\n\n"))
    return [_package("apk", block["P"], block.get("V"), block.get("A")) for block in blocks if block.get("P")]


def _apk_block(block: str) -> dict[str, str]:
    return {line[0]: line[2:].strip() for line in block.splitlines() if line[1:2] == ":"}


def rpm_packages(text: str) -> list[Package]:
    """What `rpm -qa` tells, in our format or its own (name-version-release.architecture)."""
    found = [package for line in text.splitlines() if (package := _rpm(line.strip()))]
    return [package for package in found if package["name"] != "gpg-pubkey"]


def _rpm(line: str) -> Package | None:
    fields = line.split("\t")
    if len(fields) == _RPM_FIELDS:
        name, version, architecture, vendor = fields
        return _package("rpm", name, version.removeprefix("0:"), architecture, maker(vendor))
    label = _RPM_LABEL.fullmatch(line)
    return _package("rpm", label["name"], label["version"], label["architecture"]) if label else None


def _package(kind: str, name: str, version: str | None, architecture: str | None, vendor: str | None = "") -> Package:
    known = {"name": name, "version": version, "architecture": architecture, "vendor": vendor, "package_type": kind}
    return {field: value for field, value in known.items() if value and value != "(none)"}
