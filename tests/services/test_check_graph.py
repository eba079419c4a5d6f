"""The command: a table, JSON or CSV, an exit code, and what to do."""

import json
import sqlite3

import pytest

from services.cli import check_graph
from tests.inventory.feeding import said
from tests.services.graphs import Landscape


@pytest.fixture
def graph(tmp_path):
    """The folder of a configured embedded landscape of two servers."""
    found = Landscape(tmp_path)
    found.apply(said("a", "Server", "one"), said("a", "Server", "two", at=11))
    found.close()
    (tmp_path / "landkarte.toml").write_text('log = "sqlite:///log.db"\ngraph = "sqlite:///graph.db"\ndata_dir = "."\n')
    return tmp_path / "graph.db"


def edit(graph, statement):
    with sqlite3.connect(graph) as db:
        db.execute(statement)


def test_a_graph_that_is_what_its_records_say_has_no_findings(graph, landkarte):
    assert graph.is_file()
    assert landkarte("check", "--graph", "--format", "json") == (0, "[]\n", "the graph is what its records say\n")


def test_an_edit_is_told_with_what_is_there_what_is_said_and_what_to_do(graph, landkarte):
    edit(graph, """UPDATE nodes SET properties = '{"memory_mib":9}' WHERE name = 'one'""")

    code, shown, told = landkarte("check", "--graph", "--format", "json")
    (row,) = json.loads(shown)
    assert (code, told) == (1, "1 finding; `landkarte rebuild` sets the graph right\n")
    assert {name: row[name] for name in ("what", "kind", "name", "there", "said", "do")} == {
        "what": "property memory_mib", "kind": "Server", "name": "one", "there": "9", "said": "",
        "do": "landkarte rebuild",
    }  # fmt: skip
    assert landkarte("check", "--graph", "--format", "csv")[1].startswith("what,kind,name,id,there,said,do\n")
    assert "property memory_mib" in landkarte("check", "--graph")[1]


def test_a_rebuild_says_what_it_takes_away_and_nothing_is_left(graph, landkarte):
    edit(graph, "INSERT INTO edges VALUES ('x', 'LIKES', 'y', '{}', '{}', '2026-01-01T00:00:00+00:00')")

    code, _, told = landkarte("rebuild")
    assert code == 0
    assert "relationship: x: LIKES to y: removed" in told
    assert "rebuilt: 0 changes; 1 more that no event explained" in told
    assert landkarte("check", "--graph")[0] == 0


def test_it_takes_no_source(graph, landkarte):
    assert graph.is_file()
    assert landkarte("check", "a", "--graph")[0] == 2


def test_a_graph_that_is_being_made_anew_is_not_compared(graph, landkarte):
    edit(graph, "INSERT OR REPLACE INTO state VALUES ('note rebuild', 'edges ')")

    code, _, told = landkarte("check", "--graph")
    assert code == 1
    assert "run `landkarte inventory` to the end first" in told


def test_of_very_many_findings_the_first_are_listed(graph, landkarte, monkeypatch, capsys):
    assert landkarte
    edit(graph, """UPDATE nodes SET properties = '{"memory_mib":9}'""")
    monkeypatch.chdir(graph.parent)
    monkeypatch.setattr(check_graph, "MOST", 1)

    with pytest.raises(check_graph.typer.Exit):
        check_graph.check_graph(check_graph.bootstrap.Settings(graph="sqlite:///graph.db"), check_graph.Format.JSON)
    shown, told = capsys.readouterr()
    assert len(json.loads(shown)) == 1
    assert told.startswith("the first 1 of more")
