"""What no tool writes and somebody may send: refused with a reason, within bounded memory, and nothing else is lost."""

import gzip
import resource
import subprocess
import sys
import zipfile

import pytest

from services.collecting import Job, preview
from services.collectors import COLLECTORS

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(9))
    + b"]><REQUEST><CONTENT>&j;</CONTENT></REQUEST>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><REQUEST>&x;</REQUEST>'
HOSTILE = {
    "entities": BOMB,
    "outside": OUTSIDE,
    "deep.json": b'{"content":' * 100_000,
    "deep-list.json": b"[" * 1_000_000,
    "deep.xml": b"<REQUEST>" * 100_000,
    "number.json": b'{"deviceid": ' + b"9" * 100_000 + b"}",
    "binary": bytes(range(256)) * 4096,
    "nul": b"\x00" * 1_000_000,
    "one-line": b"a" * 20_000_000,
    "utf-16": '{"content": {}, "deviceid": "Ä"}'.encode("utf-16"),
    "latin": "hostname;Ärger\n".encode("latin-1"),
    "gzip": gzip.compress(b"x" * 1_000_000),
    "surrogate.json": b'{"deviceid": "\\ud800", "content": {"hardware": {"name": "\\ud800"}}}',
}
FILE_TYPES = sorted(name for name in COLLECTORS if "paths" in COLLECTORS[name].settings.model_fields)
MEMORY = 1536 * 1024 * 1024
PROBE = """
import resource, sys
from services.collecting import Job, preview
from services.collectors import COLLECTORS
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]),) * 2)
kind = COLLECTORS[sys.argv[1]]
seen = preview(Job("hostile", kind, kind.settings.model_validate({"paths": [sys.argv[2]]}), rank=50, complete=False))
print(*(problem.reason for problem in seen.report.problems))
"""


def run(kind, path):
    settings = COLLECTORS[kind].settings.model_validate({"paths": [str(path)]})
    return preview(Job("hostile", COLLECTORS[kind], settings, rank=50, complete=False))


@pytest.mark.parametrize("kind", FILE_TYPES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_named_with_a_reason(tmp_path, kind, name):
    file = tmp_path / name
    file.write_bytes(HOSTILE[name])

    seen = run(kind, file)

    assert seen.records == 0 or not {"entities", "outside"} & {name}
    assert seen.records or seen.report.problems
    assert not any("root:" in problem.reason for problem in seen.report.problems)
    assert all(problem.reason and "Traceback" not in problem.reason for problem in seen.report.problems)


@pytest.mark.parametrize("kind", FILE_TYPES)
def test_hundreds_of_megabytes_are_refused_or_streamed_within_bounded_memory(tmp_path, kind):
    file = tmp_path / "large.json"
    with file.open("wb") as out:
        out.truncate(400 * 1024 * 1024)

    done = subprocess.run(
        [sys.executable, "-c", PROBE, kind, str(file), str(MEMORY)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


@pytest.mark.parametrize("kind", [k for k in FILE_TYPES if k in {"spreadsheet", "rvtools", "workbook"}])
def test_a_small_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path, kind):
    file = tmp_path / "small.xlsx"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(1024):
            sheet.write(b"\x20" * 1024 * 1024)

    seen = run(kind, file)

    assert seen.records == 0
    assert seen.report.counts["failed"]


def test_the_probe_measures():
    """Without a limit of its own a reader would fail the test above: the probe's limit is real."""
    code = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({MEMORY},) * 2); bytearray(2 * {MEMORY})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] > MEMORY or resource.getrlimit(resource.RLIMIT_AS)[0] < 0
