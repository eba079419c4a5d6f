"""The command line as a process: exit codes, what goes where, and never a traceback."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import tomllib
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version

import httpx
import pytest

from events.log import RECORDS
from events.sqlite_log import SqliteLog
from tests.events.conftest import read_all
from tests.servers.process import await_condition, free_port
from tests.services.conftest import COMMAND
from tests.whole.profiles import city

GOOD = {"deviceid": "PC-1", "content": {"hardware": {"name": "PC-1", "uuid": "4C4C4544-0034-3010-8048-B6C04F503732"}}}


@pytest.fixture
def filled(landkarte, tmp_path):
    """A graph with the small city."""
    city(tmp_path / "city")
    for kind in ("glpi", "fusioninventory", "spreadsheet"):
        assert landkarte("import", kind, f"city/{kind}", "--source", f"city-{kind}", "--complete")[0] == 0
    assert landkarte("inventory", "--once")[0] == 0
    return landkarte


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "told"),
    [
        (["import", "glpy", "x"], {}, 2, "'glpy' is no type of source; known are "),
        (["import", "glpi"], {}, 2, "import glpi needs at least one PATH"),
        (["import", "local", "x"], {}, 2, "import local takes no PATH"),
        (["import", "glpi", "none"], {}, 1, "none: there is no such file or folder"),
        (["import", "glpi", ".", "--source", "A B"], {}, 2, "name"),
        (["import", "agents"], {}, 2, "import agents: such a source is pushed to"),
        (["import", "http", "--dry-run"], {}, 2, "import http: such a source is pushed to"),
        (["template", "workbook.csv"], {}, 2, "WORKBOOK: workbook.csv must end in .xlsx"),
        (["collect", "none"], {}, 2, "source 'none' is not configured"),
        (["agree", "none"], {}, 1, "source 'none' has no outbox in var/outbox"),
        (["status"], {"LANDKARTE_LOG": "foo"}, 2, "log: allowed are sqlite:///FILE and kafka://HOST:PORT"),
        (["status", "--config", "none.toml"], {}, 2, "none.toml: there is no such file"),
        (["ask", "impact", "nobody"], {}, 1, "no asset has the id or name 'nobody'"),
        (["ask", "obsolete", "--source", "none"], {}, 1, "source 'none' fits none"),
        (["serve", "--host", "0.0.0.0"], {}, 2, "there is no authentication yet"),
        (["serve", "--port", "99999"], {}, 2, "'--port': Input should be less than or equal to 65535"),
        (["serve", "--port", "-1"], {}, 2, "'--port': Input should be greater than or equal to 1"),
        (["demo", "--port", "99999"], {}, 2, "'--port': Input should be less than or equal to 65535"),
        (["deadletters", "show", "x"], {}, 1, "there is no dead letter 'x'"),
        (["nonsense"], {}, 2, "No such command"),
        (["status"], {"LANDKARTE_GRAPH": "neo4j://127.0.0.1:1"}, 1, "does not answer"),
    ],
)
def test_wrong_use_and_failures_are_one_clear_line(landkarte, arguments, environment, code, told):
    found, out, err = landkarte(*arguments, **environment)

    assert (found, out) == (code, "")
    assert told in err


def test_a_database_file_that_is_none_is_named(landkarte, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "graph.db").write_text("this is no database, but a text that is long enough to be looked at")

    code, _, err = landkarte("ask", "find")
    assert code == 1
    assert "graph.db" in err


def test_an_import_uses_what_it_can_and_names_the_rest(landkarte, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.json").write_text(json.dumps(GOOD))
    (tmp_path / "in" / "cut.json").write_text('{"deviceid": ')

    code, out, err = landkarte("import", "glpi", "in")
    assert (code, out) == (0, "")
    assert "glpi: partial; seen 2, emitted 1, skipped 0, failed 1" in err
    assert "cut.json: not readable as JSON" in err


def test_an_import_of_which_nothing_is_usable_fails(landkarte, tmp_path):
    (tmp_path / "bad.json").write_text("[]")

    code, _, err = landkarte("import", "glpi", "bad.json")
    assert code == 1
    assert "bad.json: JSON, but no object" in err


def test_a_dry_run_says_what_would_be_said_and_says_nothing(landkarte, tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(GOOD))

    code, out, err = landkarte("import", "glpi", "good.json", "--dry-run")
    assert code == 0
    assert "would say 1 record; nothing was said" in err
    assert "Client" in out
    assert not (tmp_path / "var").exists()


def test_a_dry_run_tells_every_fault(landkarte, tmp_path):
    rows = "\n".join(f"VOIS {number};viele" for number in range(30))
    (tmp_path / "anwendungen.csv").write_text(f"Fachverfahren;Nutzer\nAutiSta;12\n{rows}\n")

    code, _, err = landkarte("import", "spreadsheet", "anwendungen.csv", "--dry-run")
    assert (code, err.count("'viele' is no number")) == (0, 30)


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_template_that_nobody_filled_says_nothing_and_that_it_holds_only_examples(landkarte, more):
    code, _, err = landkarte("template", "workbook.xlsx")
    assert (code, "workbook.xlsx: written; fill it in first; `landkarte import workbook" in err) == (0, True)

    code, _, err = landkarte("import", "workbook", "workbook.xlsx", *more)

    assert (code, "workbook.xlsx: there are only the template's examples" in err) == (0, True)


def test_the_types_that_may_be_imported_are_those_that_fetch_something(landkarte, tmp_path):
    told = landkarte("import", "--help", COLUMNS="300")[1]

    assert {"agents", "http"}.isdisjoint(re.findall(r"[a-z]+", told.partition("one of ")[2].partition("[")[0]))
    assert landkarte("import", "http")[0] == 2
    assert not (tmp_path / "var").exists()


def test_names_that_the_graph_knows_are_no_mistakes_in_a_filled_workbook(filled):
    assert filled("template", "known.xlsx", "--filled")[0] == 0
    code, _, err = filled("import", "workbook", "known.xlsx")

    assert (code, ", skipped 0, failed 0" in err, "stands in no sheet" in err) == (0, True, False)


def test_what_a_type_needs_and_did_not_get_is_named_with_the_way_to_it(landkarte):
    code, _, err = landkarte("import", "ssh")

    assert code == 2
    assert "hosts: is needed and not given; `landkarte collectors TYPE` lists what a type needs" in " ".join(
        err.split()
    )


def test_init_asks_for_folders_of_the_types_that_there_are_alone(tmp_path):
    answers = "n\nnmap, nmaap\nnmap puppet\n/srv/scans\n/srv/puppet\n"

    done = subprocess.run(
        [COMMAND, "init"], cwd=tmp_path, input=answers, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "'nmaap' is none of them" in done.stderr
    sources = tomllib.loads((tmp_path / "landkarte.toml").read_text())["sources"]
    assert [(source["type"], source.get("paths")) for source in sources] == [
        ("endoflife", None),
        ("local", None),
        ("nmap", ["/srv/scans"]),
        ("puppet", ["/srv/puppet"]),
    ]


def test_serve_says_what_to_do_when_its_port_is_taken(landkarte):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, _, err = landkarte("serve", "--port", str(port))

    assert code == 1
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use" in " ".join(err.split())
    assert "--port" in err


def test_what_init_comments_out_can_be_used(landkarte, tmp_path):
    assert landkarte("init", "--yes")[0] == 0
    lines = (tmp_path / "landkarte.toml").read_text().splitlines()

    given = [line.removeprefix("# ") for line in lines if re.match(r"# [a-z_]+ = ", line)]

    assert len(given) > 5
    assert all(tomllib.loads(line) for line in given)


def test_a_configured_source_is_collected(landkarte, tmp_path):
    assert landkarte("init", "--yes")[0] == 0
    assert "this-computer" in (tmp_path / "landkarte.toml").read_text()

    code, _, err = landkarte("collect", "this-computer")
    assert code == 0
    assert "this-computer: complete" in err
    assert landkarte("init", "--yes")[0] == 2
    assert landkarte("check")[0] == 0


def test_answers_come_as_table_json_and_csv(filled):
    assert filled("lifecycle", "update")[0] == 0
    assert filled("inventory", "--once")[0] == 0
    _, table, err = filled("ask", "obsolete", "--limit", "3")
    assert "SRV-ALT-07" in table
    assert "system: 251 considered" in err
    answer = json.loads(filled("ask", "obsolete", "--format", "json")[1])
    rows = list(csv.DictReader(io.StringIO(filled("ask", "obsolete", "--format", "csv")[1])))
    assert len(rows) == len(answer["rows"]) > 50
    assert {row["verdict"] for row in rows} == {"unsupported", "ending"}
    assert "Wohnsitz anmelden" in filled("ask", "impact", "ESX-02", "--language", "de")[1]
    affected = json.loads(filled("ask", "impact", "ESX-02", "--format", "json")[1])["items"]
    assert {row["kind"] for row in affected} >= {"CitizenService"}
    assert json.loads(filled("ask", "asset", "DC01", "--format", "json")[1])["kind"] == "VirtualMachine"
    found = json.loads(filled("ask", "find", "dc0", "--format", "json")[1])
    assert {row["name"] for row in found} == {"DC01", "DC02"}
    status = json.loads(filled("status", "--format", "json")[1])
    assert (status["lag"], status["dead_letters"]) == (0, 0)
    assert "no dead letter" in filled("deadletters", "retry", "x")[2]
    assert filled("deadletters", "list")[0] == 0


def test_what_is_known_is_explained_corrected_and_kept(filled):
    record = json.loads(filled("ask", "asset", "DC01", "--format", "json")[1])["claims"]["name"]["won"]["record"]
    assert "smbios-uuid" in filled("ask", "asset", "DC01", "--why")[1]
    assert "RECORD" in filled("ask", "asset", "DC01")[1]
    code, _, err = filled("curate", "set", "DC01", "cores", "8", "--reason", "seen in the console", "--author", "E. M.")
    assert (code, "set-cores" in err) == (0, True)
    assert filled("inventory", "--once")[0] == 0
    claims = json.loads(filled("ask", "asset", "DC01", "--format", "json")[1])["claims"]["cores"]
    assert (claims["value"], claims["won"]["record"]) == (8, f"curation/{record}")
    assert "seen in the console" in filled("ask", "asset", "DC01", "--why")[2]
    assert "cores: " in filled("ask", "changes", "DC01")[1]
    assert filled("curate", "unset", "DC01", "cores")[0] == 0
    assert filled("curate", "set", "DC01", "cores", "many", "--reason", "x")[0] == 1
    past = filled("curate", "set", "DC01", "cores", "8", "--reason", "x", "--expires", "2020-12-31")
    assert (past[0], "2020-12-31 has passed" in past[2]) == (1, True)
    assert filled("curate", "join", "DC01", "--reason", "x")[0] == 1
    assert filled("curate", "separate", "DC01", "--reason", "x")[0] == 1


def test_findings_and_the_past_are_answered(filled):
    answer = json.loads(filled("ask", "quality", "--format", "json")[1])
    assert answer["counts"].keys() >= {finding["kind"] for finding in answer["findings"]}
    code, _, err = filled("ask", "obsolete", "--as-of", "2000-01-01")
    assert (code, "is not kept: the journal begins at" in err) == (1, True)
    today = datetime.now(UTC).date().isoformat()
    now = filled("ask", "obsolete", "--format", "csv")[1]
    code, then, err = filled("ask", "obsolete", "--as-of", today, "--format", "csv")
    assert (code, then) == (0, now)
    assert "0 assets changed since and were set back" in err


def test_a_rebuild_of_a_right_graph_changes_nothing(filled):
    assert "rebuilt: 0 changes" in filled("rebuild")[2]


def test_a_cell_that_looks_like_a_formula_is_made_harmless(landkarte, tmp_path):
    (tmp_path / "apps.csv").write_text("Fachverfahren\n=cmd()\n", encoding="utf-8")
    landkarte("import", "spreadsheet", "apps.csv")
    landkarte("inventory", "--once")

    assert "'=cmd()" in landkarte("ask", "find", "--format", "csv")[1]


def test_the_demonstration_answers_and_a_second_one_changes_nothing(landkarte):
    code, out, err = landkarte("demo", "--once")
    assert code == 0
    assert "Musterstadt: what is obsolete" in out
    assert "'Wohnsitz anmelden' (Bürgeramt, buergeramt@musterstadt.example) steht still: über 'Meldewesen'" in out
    assert "http://127.0.0.1:8421/docs" in err
    assert "events applied" in err
    here = {"LANDKARTE_LOG": "sqlite:///var/demo/log.db", "LANDKARTE_GRAPH": "sqlite:///var/demo/graph.db"}
    before = json.loads(
        landkarte("ask", "find", "--source", "musterstadt-*", "--limit", "10000", "--format", "json", **here)[1]
    )
    assert landkarte("demo", "--once")[0] == 0
    after = json.loads(
        landkarte("ask", "find", "--source", "musterstadt-*", "--limit", "10000", "--format", "json", **here)[1]
    )
    assert after == before
    assert all("this-computer" not in row["sources"] for row in after)


def test_the_demonstration_serves_and_says_so_beside_its_answers(tmp_path):
    port = free_port()
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        demo = subprocess.Popen([COMMAND, "demo", "--port", str(port)], cwd=tmp_path, stdout=out, stderr=err)
    try:
        await_condition(lambda: answers(f"http://127.0.0.1:{port}/livez"), seconds=120, what="the API to answer")
        await_condition(lambda: "the schedule runs here" in (tmp_path / "err").read_text(), seconds=30, what="its log")
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=60)

    assert "Musterstadt: what is obsolete" in (tmp_path / "out").read_text()
    assert "the schedule" not in (tmp_path / "out").read_text()
    told = f"listening on http://127.0.0.1:{port}; http://127.0.0.1:{port}/docs shows the API; Ctrl-C stops\n"
    assert told in (tmp_path / "err").read_text()


def test_serve_answers_embedded_applies_what_comes_and_stops_when_told(landkarte, tmp_path):
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("LANDKARTE_")}
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port)], cwd=tmp_path, env=env, stdout=log, stderr=log
        )
    api = f"http://127.0.0.1:{port}"
    try:
        await_condition(lambda: answers(f"{api}/readyz"), seconds=60, what="the API to be ready")
        (tmp_path / "good.json").write_text(json.dumps(GOOD))
        assert landkarte("import", "glpi", "good.json")[0] == 0
        await_condition(
            lambda: httpx.get(f"{api}/api/v1/assets").json()["items"], seconds=60, what="the asset to appear"
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    told = (tmp_path / "serve.log").read_text()
    assert "Traceback" not in told
    assert f"listening on {api}; {api}/docs shows the API; Ctrl-C stops\n" in told


def test_the_help_names_the_port_that_is_taken(landkarte):
    told = " ".join(landkarte("serve", "--help", COLUMNS="200")[1].split())

    assert "[default: (the setting's, 8421)]" in told
    assert "[default: 0]" not in told


def answers(url):
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def applications(tmp_path, count):
    rows = [f"Verfahren {number:02}" for number in range(count)]
    (tmp_path / "apps.csv").write_text("\n".join(["Fachverfahren", *rows]), encoding="utf-8")


def test_a_held_run_waits_until_a_person_agrees(landkarte, tmp_path):
    again = ("import", "spreadsheet", "apps.csv", "--source", "apps", "--complete")
    applications(tmp_path, 30)
    assert "apps: complete" in landkarte(*again)[2]
    applications(tmp_path, 4)
    code, _, err = landkarte(*again)
    assert (code, "apps: held" in err, "26 of the 30 records" in err) == (0, True, True)
    landkarte("inventory", "--once")
    assert "landkarte agree apps" in json.loads(landkarte("status", "--format", "json")[1])["held"]["apps"]
    assert "landkarte agree apps" in " ".join(landkarte("status")[1].split())

    assert "apps: agreed" in landkarte("agree", "apps")[2]
    landkarte("inventory", "--once")
    assert len(json.loads(landkarte("ask", "find", "--format", "json")[1])) == 4
    assert json.loads(landkarte("status", "--format", "json")[1])["held"] == {}
    code, _, err = landkarte("agree", "apps")
    assert (code, "apps: no run is held" in err) == (1, True)


def test_how_far_an_import_may_shrink_is_the_setting_of_its_source(landkarte, tmp_path):
    source = '[[sources]]\ntype = "spreadsheet"\nname = "apps"\npaths = ["apps.csv"]\nmax_shrink = 1\n'
    (tmp_path / "landkarte.toml").write_text(source, encoding="utf-8")
    for count in (30, 4):
        applications(tmp_path, count)
        assert "apps: complete" in landkarte("import", "spreadsheet", "apps.csv", "--source", "apps", "--complete")[2]


def test_what_did_not_change_is_confirmed_and_said_again_on_request_or_to_another_log(landkarte, tmp_path):
    applications(tmp_path, 3)
    run = ("import", "spreadsheet", "apps.csv", "--source", "apps", "--complete")
    graph = {"LANDKARTE_GRAPH": "sqlite:///new/graph.db", "LANDKARTE_LOG": "sqlite:///new/log.db"}

    def names():
        found = json.loads(landkarte("ask", "find", "--format", "json", **graph)[1])
        return sorted(node["name"] for node in found)

    landkarte(*run)
    first = events_in(tmp_path / "var/log.db")
    landkarte(*run)
    assert events_in(tmp_path / "var/log.db") - first == {"landkarte.record.confirmed.v1": 3}
    landkarte(*run, "--full")
    assert events_in(tmp_path / "var/log.db")["landkarte.record.observed.v1"] == 6

    assert "apps: the log is another one than before, so everything is said again" in landkarte(*run, **graph)[2]
    assert landkarte("inventory", "--once", **graph)[0] == 0
    assert names() == ["Verfahren 00", "Verfahren 01", "Verfahren 02"]


def events_in(file):
    """How many events of records of each type a log holds, without the markers."""
    log = SqliteLog(file)
    messages = read_all(log, [RECORDS])
    log.close()
    types = Counter(dict(message.headers)["ce_type"].decode() for message in messages)
    return Counter({name: count for name, count in types.items() if ".record." in name})


def test_upkeep_says_what_it_did(landkarte, tmp_path):
    assert landkarte("upkeep")[:2] == (0, "")

    source = '[[sources]]\ntype = "spreadsheet"\nname = "apps"\npaths = ["apps.csv"]\nretire_after = "30 days"\n'
    (tmp_path / "landkarte.toml").write_text(source, encoding="utf-8")
    applications(tmp_path, 2)
    landkarte("collect", "apps")
    landkarte("inventory", "--once")
    code, out, err = landkarte("upkeep")
    assert (code, out) == (0, "")
    assert "apps: 0 records withdrawn\n" in err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["sqlite:///var/log.db", "mysql://x"], 2, "TO: allowed are sqlite:///FILE and kafka://HOST:PORT"),
        (["var/log.db", "sqlite:///x"], 2, "FROM: allowed are sqlite:///FILE and kafka://HOST:PORT"),
        (["sqlite:///none.db", "sqlite:///x.db"], 1, "log none.db: there is no such file to copy from"),
        (["sqlite:///empty.db", "sqlite:///x.db"], 1, "holds nothing: is its address right?"),
        (["sqlite:///empty.db", "sqlite:///empty.db"], 1, "both addresses name the same log"),
    ],
)
def test_copies_that_cannot_be_made_are_one_clear_line(landkarte, arguments, code, told):
    landkarte("status", LANDKARTE_LOG="sqlite:///empty.db")

    found, out, err = landkarte("copy-log", *arguments)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert told in err


def test_a_copied_log_gives_the_same_answers(filled):
    code, out, err = filled("copy-log", "sqlite:///var/log.db", "sqlite:///new/log.db")
    assert (code, out) == (0, "")
    assert " of landkarte.records, 3 of landkarte.runs, 0 of landkarte.deadletters; 0 were there before" in err
    assert "the past is exact from the first event" in err
    assert "then run `landkarte inventory`, before anything is collected" in err

    there = {"LANDKARTE_LOG": "sqlite:///new/log.db", "LANDKARTE_GRAPH": "sqlite:///new/graph.db"}
    assert filled("inventory", "--once", **there)[0] == 0
    question = ("ask", "find", "--limit", "10000", "--format", "json")
    assert filled(*question, **there)[1] == filled(*question)[1]
    assert "copied 0 of landkarte.records" in filled("copy-log", "sqlite:///var/log.db", "sqlite:///new/log.db")[2]


def test_what_does_not_answer_is_named_by_check(landkarte):
    code, out, _ = landkarte("check", LANDKARTE_LOG="kafka://127.0.0.1:1")

    assert code == 1
    assert "Kafka at 127.0.0.1:1 gives no answer" in out


def test_a_graph_that_does_not_answer_is_told_by_the_table_alone(landkarte):
    code, out, err = landkarte("check", LANDKARTE_GRAPH="neo4j://127.0.0.1:1")

    assert (code, err) == (1, "")
    assert "the graph database does not answer" in " ".join(out.split())


def test_the_version_is_told(landkarte):
    assert landkarte("--version") == (0, f"landkarte {version('landkarte')}\n", "")


def test_init_says_what_it_did_not_try_and_what_does(landkarte):
    code, _, err = landkarte("init", "--yes", "--out", "city.toml")

    assert code == 0
    assert "city.toml: written, with 2 sources; its keys and values are allowed ones" in err
    assert "next: `landkarte check --config city.toml`" in err
    assert "was not tried" in err
