"""No person of the samples is in any store, report or log; where a source keeps hashes, only their hashes are.

The names are collected here from the samples' own text. Stores keep values compressed: they are unpacked, and that the
search sees what is in them is shown by finding what should be there.
"""

import re
import sqlite3
import zlib
from contextlib import closing, suppress
from functools import cache

import pytest

from services import bootstrap
from services.collecting import collect
from services.collectors.persons import hashed
from services.running import job_of
from services.settings import load
from tests.whole.samples import SAMPLES, TYPES, needed

pytestmark = needed
AGENTS = ("glpi-inventory-json", "ocs-fusioninventory-xml")
FIELDS = "login|lastloggeduser|userid|user|contact|email|username|owner|winowner"
NO_PERSONS = {"root", "teclib", "builder"}
"""Accounts of a computer, and words of its software: the company Teclib, the package maven-repository-builder."""
KEY = "a key of the test, long enough"
SEEN = ("LF014", "glpixps")
"""Computers of the samples: what the search must find in every store, or it would find nothing at all."""


@cache
def persons():
    """Who is logged in or a contact; accounts of services (below 1000) are named like the packages they come from."""
    found = set()
    for path in [path for folder in AGENTS for path in (SAMPLES / folder).rglob("*")]:
        if path.suffix not in {".json", ".xml"} or path.name == "inventory.schema.json":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        text = re.sub(r"<LOCAL_USERS>.*?</LOCAL_USERS>", _of_persons, text, flags=re.DOTALL)
        found |= {name for pair in re.findall(_PATTERN, text, re.IGNORECASE) for name in pair if name}
    return {name.strip() for name in found} - NO_PERSONS | mails()


def mails():
    """Every e-mail address in a sample of any kind."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in SAMPLES.rglob("*") if path.suffix in READ)
    return {found for text in texts for found in MAIL.findall(text)}


READ = {".json", ".xml", ".txt", ".out", ".facts"}
MAIL = re.compile(r"\b[\w.%+-]{1,64}@(?:[A-Za-z][\w-]{0,62}\.){1,4}(?:com|org|net|de|fr|edu|io|info|uk)\b")
_PATTERN = rf'"(?:{FIELDS})"\s*:\s*"([^"]+)"|<(?:{FIELDS})>([^<]+)<'


def _of_persons(account):
    number = re.search(r"<ID>(\d+)</ID>", account[0])
    return account[0] if number and 1000 <= int(number[1]) < 60000 else ""


def in_store(path):
    """All text of an SQLite file: every value of every row, unpacked where it is packed."""
    words = []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in db.execute(f"SELECT * FROM {table}"):
                words += [_plain(value) for value in row]
    return "\n".join(words)


def _plain(value):
    if not isinstance(value, bytes):
        return str(value)
    with suppress(zlib.error):  # not all bytes are packed
        value = zlib.decompress(value)
    return value.decode("utf-8", errors="replace")


def named(text, names):
    """Those of the names that stand in the text as words of their own, in any case."""
    words = set(re.findall(r"[\w.%+-]+(?:@[\w.-]+)?", text.casefold()))
    parts = {part for word in words for part in re.split(r"[.%+-]", word)}
    return {name for name in names if name.casefold() in words | parts or (" " in name and name.casefold() in text)}


def config(folder, kept):
    place = f"sqlite:///{folder}"
    lines = [f'log = "{place}/log.db"', f'graph = "{place}/graph.db"', f'data_dir = "{folder}"']
    lines += [f'person_key = "file:{folder}/key"']
    for samples, kind in TYPES.items():
        own = {"type": kind, "name": kind, "persons": kept}
        lines += ["[[sources]]", *(f'{name} = "{value}"' for name, value in own.items())]
        lines += [f'paths = ["{SAMPLES / samples}"]']
    (folder / "key").write_text(KEY)
    path = folder / "landkarte.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def everywhere(landkarte, folder, kept):
    """Place -> all its text: outboxes with everything still in them, then log, graph and all that was printed."""
    settings = load(config(folder, kept))
    places = {}
    for source in settings.sources:
        with closing(bootstrap.open_outbox(settings, source.name)) as outbox:
            collect(job_of(settings, source), outbox)
        places[f"outbox {source.name}"] = in_store(folder / "outbox" / f"{source.name}.db")
    printed = []
    for arguments in (*(["collect", name] for name in TYPES.values()), ["inventory", "--once"], ["status"]):
        code, out, told = landkarte(*arguments, "--config", str(folder / "landkarte.toml"))
        assert code == 0 or arguments[-1] == "spreadsheet", told  # of which there is no sample
        printed += [out, told]
    places["log"], places["graph"] = in_store(folder / "log.db"), in_store(folder / "graph.db")
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return places, "\n".join(printed), files.decode("utf-8", errors="replace")


@pytest.mark.parametrize("text", ["by johan", "Johan.Muster", "gpg(JOHAN)", "/home/johan/x", "a@b.de johan", "x;johan"])
def test_a_name_is_found_wherever_it_stands_as_a_word(text):
    assert named(text, {"johan", "other"}) == {"johan"}


def test_the_samples_name_persons():
    assert {"johan", "trasher", "test@glpi-project.org"} <= persons()


def test_no_person_of_the_samples_is_anywhere(landkarte, tmp_path):
    places, printed, files = everywhere(landkarte, tmp_path, "drop")

    wanted = persons()
    for place, text in places.items():
        assert named(text, wanted) == set(), place
        assert any(name in text for name in SEEN) or place.removeprefix("outbox ") not in {"log", "graph", "glpi"}, (
            place
        )
    assert "seen 11" in printed
    assert named(printed, persons()) == set()
    assert named(files, persons()) == set()
    assert hashed(KEY)("johan") not in "".join(places.values())


def test_where_hashes_are_kept_only_hashes_are_anywhere(landkarte, tmp_path):
    places, printed, files = everywhere(landkarte, tmp_path, "hash")

    for place, text in places.items():
        assert named(text, persons()) == set(), place
        kept = place in {"log", "graph", "outbox glpi", "outbox fusioninventory"}
        assert (hashed(KEY)("johan") in text) == kept, place
    assert named(printed, persons()) == set()
    assert named(files, persons()) == set()


@pytest.mark.parametrize("where", ["log", "graph", "outbox/glpi"])
def test_the_search_finds_a_name_in_every_store(landkarte, tmp_path, where):
    """The same search, with the names of computers in the place of persons."""
    settings = load(config(tmp_path, "drop"))
    with closing(bootstrap.open_outbox(settings, "glpi")) as outbox:
        collect(job_of(settings, settings.source("glpi")), outbox)
    if where != "outbox/glpi":
        for arguments in (["collect", "glpi"], ["inventory", "--once"]):
            landkarte(*arguments, "--config", str(tmp_path / "landkarte.toml"))

    assert named(in_store(tmp_path / f"{where}.db"), {"glpixps"}) == {"glpixps"}
