"""The acceptance table: strings as real tools print them, and by hand what each must become on a fixed day.

One case a line in `cases/`: the name, what else is reported (`v` version, `by` vendor, ...), the cycles it may be in
(`-` for none, `inherits` for a package that follows its distribution), and the verdict. Behind two spaces: why.
"""

import re
from pathlib import Path

import pytest

from inventory.lifecycle import load_table
from inventory.matching import Matcher
from tests.inventory.test_lifecycle_cases import TODAY

SHORT = {"v": "version", "by": "vendor", "type": "package_type"}


def cases(file):
    lines = (Path(__file__).parent / "cases" / file).read_text(encoding="utf-8").splitlines()
    return [pytest.param(line, id=line) for line in lines if line and not line.startswith("#")]


def read(line):
    name, *said, expected, verdict = re.sub(r"  #.*", "", line).split(" | ")
    item = {SHORT.get(key, key): value for key, _, value in (pair.partition("=") for pair in said)}
    return name, item, set(expected.split()) - {"-"}, verdict.strip()


@pytest.fixture(scope="module")
def matcher():
    return Matcher(load_table())


def assert_read(match, expected, verdict):
    seen = {"inherits"} if match.inherits else {f"{cycle.product}/{cycle.name}" for cycle in match.cycles}
    assert (seen, match.verdict(TODAY)) == (expected, verdict), match
    assert match.matched_on
    assert match.method
    assert bool(match.confidence) == bool(expected)


@pytest.mark.parametrize("line", [*cases("systems.txt"), *cases("windows.txt")])
def test_a_system_is_what_it_must_be(matcher, line):
    name, item, expected, verdict = read(line)

    assert_read(matcher.system({"full_name": name, **item}), expected, verdict)


@pytest.mark.parametrize(
    "line", [*cases("programs.txt"), *cases("windows_servers.txt"), *cases("packages.txt"), *cases("components.txt")]
)
def test_software_is_what_it_must_be(matcher, line):
    name, item, expected, verdict = read(line)
    kind = {"package_type": "windows"} if line in WINDOWS else {}

    assert_read(matcher.software({"name": name, **kind, **item}), expected, verdict)


@pytest.mark.parametrize("line", cases("devices.txt"))
def test_a_device_or_database_is_what_it_must_be(matcher, line):
    part, item, expected, verdict = read(line)

    assert_read(getattr(matcher, part)(item), expected, verdict)


WINDOWS_SERVERS = [case.values[0] for case in cases("windows_servers.txt")]
WINDOWS = {*WINDOWS_SERVERS, *(case.values[0] for case in cases("programs.txt"))}


def test_what_is_sure_is_told_apart_from_what_is_not(matcher):
    def confidence(full_name, **more):
        return matcher.system({"full_name": full_name, **more}).confidence

    assert confidence("Debian GNU/Linux 12 (bookworm)") == 1.0
    assert confidence("", name="ol", version="8.10") < 1.0
    assert confidence("CentOS 8 (64-bit)") == confidence("CentOS release 4.9 (Final)") == 0.5
    assert confidence("Windows NT") == 0.0


def test_only_a_vendor_and_a_name_are_less_sure_than_an_identifier(matcher):
    named = matcher.software({"name": "Node.js", "version": "16.13.0", "vendor": "Node.js Foundation"})
    purl = matcher.software({"name": "node", "purl": "pkg:generic/node@16.13.0"})

    assert named.confidence < purl.confidence
    assert purl.matched_on == "pkg:generic/node@16.13.0"
