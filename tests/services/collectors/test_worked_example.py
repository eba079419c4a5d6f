"""The collector that docs/collectors.md shows works as it stands there: installed, checked, imported, and its test."""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.collectors import GROUP
from tests.documents import documents
from tests.services.conftest import landkarte

__all__ = ["landkarte"]
ROWS = [
    {"id": "17", "name": "srv-17", "vendor": "Dell", "model": "R740", "serial": "ABC1234", "height": 2},
    {"id": "18"},
    "no row",
]


@pytest.fixture
def racks(tmp_path):
    """A folder with what the document shows, as pip would have installed it."""
    text = documents()["docs/collectors.md"].split("## Writing one")[1]
    module, test = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (project,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (entry,) = tomllib.loads(project)["project"]["entry-points"][GROUP].items()
    site = tmp_path / "site"
    about = site / "our_racks-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "our_racks.py").write_text(module)
    (site / "test_our_racks.py").write_text(test)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: our-racks\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{' = '.join(entry)}\n")
    return site


@contextmanager
def answering(rows):
    """A server that answers with these rows to who has the token; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            good = self.headers["Authorization"] == "Bearer geheim"
            self.send_response(200 if good else 401)
            self.end_headers()
            self.wfile.write(json.dumps(rows).encode() if good else b"")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/racks"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_example_is_imported_and_names_the_rows_that_it_cannot_use(landkarte, racks):
    with answering(ROWS) as address:
        code, _, err = landkarte(
            *("import", "racks", "--set", f"url={address}", "--set", "token=env:RACKS"),
            PYTHONPATH=str(racks),
            RACKS="geheim",
        )

    assert code == 0
    assert "seen 3, emitted 1, skipped 0, failed 2" in err
    assert "row 2: name: Field required" in err
    assert "row 3" in err
    assert "geheim" not in err


@pytest.mark.parametrize(
    ("rows", "token", "code", "told"),
    [
        (ROWS, "geheim", 0, "the inventory answers with 3 rows"),
        (ROWS, "other", 1, "HTTP 401: the secret is not accepted"),
        (ROWS, "", 1, "the variable RACKS is not set or empty"),
        ({}, "geheim", 1, "it answers with no list"),
    ],
)
def test_the_example_is_checked(landkarte, racks, tmp_path, rows, token, code, told):
    with answering(rows) as address:
        (tmp_path / "landkarte.toml").write_text(
            f'[[sources]]\ntype = "racks"\nname = "racks"\nurl = "{address}"\ntoken = "env:RACKS"\n'
        )
        found, out, err = landkarte("check", "racks", "--format", "json", PYTHONPATH=str(racks), RACKS=token)

    rows = json.loads(out)
    assert found == code
    assert told in rows[-1]["what"] + rows[-1]["fault"]
    assert "geheim" not in out + err


def test_the_test_of_the_example_passes(racks):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_our_racks.py"],
        cwd=racks,
        env=os.environ | {"PYTHONPATH": str(racks)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
