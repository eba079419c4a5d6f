"""Installed packages, as dpkg, rpm and apk keep them."""

import shutil
import subprocess
from pathlib import Path

from debian.deb822 import Deb822

_RPM = r"%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n"


def read_packages(root: Path, missing: list[str]) -> list[dict[str, str]]:
    """What is installed, by whichever package manager is there; one that cannot be read is noted in `missing`."""
    return [
        *_dpkg(root / "var/lib/dpkg/status", missing),
        *_apk(root / "lib/apk/db/installed", missing),
        *_rpm(root, missing),
    ]


def _dpkg(path: Path, missing: list[str]) -> list[dict[str, str]]:
    """Only packages that are wholly installed: of those removed, dpkg keeps the configuration ("rc")."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            found = [
                package for package in Deb822.iter_paragraphs(file) if package.get("Status", "").endswith(" installed")
            ]
    except OSError:
        missing.append("dpkg")
        return []
    return [
        {
            "name": package["Package"],
            "version": package.get("Version", ""),
            "architecture": package.get("Architecture", ""),
            "vendor": package.get("Origin", ""),
            "package_type": "deb",
        }
        for package in found
    ]


def _apk(path: Path, missing: list[str]) -> list[dict[str, str]]:
    if not path.exists():
        return []
    try:
        blocks = path.read_text(encoding="utf-8", errors="replace").split("\n\n")
    except OSError:
        missing.append("apk")
        return []
    packages = [dict(line.split(":", 1) for line in block.splitlines() if line[1:2] == ":") for block in blocks]
    return [
        {"name": p["P"], "version": p.get("V", ""), "architecture": p.get("A", ""), "package_type": "apk"}
        for p in packages
        if "P" in p
    ]


def _rpm(root: Path, missing: list[str]) -> list[dict[str, str]]:
    """The rpm database has several formats; rpm itself reads them all."""
    command = shutil.which("rpm")
    if command is None or not any((root / place).exists() for place in ("var/lib/rpm", "usr/lib/sysimage/rpm")):
        return []
    done = subprocess.run(  # noqa: S603 - a fixed command
        [command, "--root", str(root), "-qa", "--queryformat", _RPM], capture_output=True, text=True, check=False
    )
    if done.returncode:
        missing.append("rpm")
        return []
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [
        {
            "name": name,
            "version": version.removeprefix("0:"),
            "architecture": arch,
            "vendor": vendor,
            "package_type": "rpm",
        }
        for name, version, arch, vendor in rows
        if name != "gpg-pubkey"
    ]
