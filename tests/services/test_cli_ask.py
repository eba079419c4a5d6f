"""Questions on the command line about graphs of our own."""

import json
from datetime import timedelta

import pytest

from events.models import Identifier, Section
from tests.inventory.feeding import program, said, to
from tests.inventory.test_batch import START, observed, withdrawn
from tests.services.graphs import Landscape, later


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "city")
    yield found
    found.close()


@pytest.fixture
def ask(city, landkarte):
    """Runs `landkarte ask` on the graph; gives exit code, stdout, stderr."""
    here = {name: f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}

    def run(*arguments, **settings):
        return landkarte("ask", *arguments, **{f"LANDKARTE_{name}": file for name, file in here.items()}, **settings)

    return run


def test_all_relationships_of_an_asset_are_told(city, ask):
    city.apply(said("a", "Server", "x", *(program(f"p{n:04}") for n in range(1200)), at=10))

    assert len(json.loads(ask("asset", "x", "--format", "json")[1])["relationships"]) == 1200
    assert len(ask("asset", "x", "--format", "csv")[1].splitlines()) == 1201
    _, table, err = ask("asset", "x", "--limit", "7")
    assert table.count("INSTALLED") == 7
    assert "and 1193 more relationships" in err


def test_a_retired_asset_is_asked_about_by_its_name(city, ask):
    city.apply(said("a", "Application", "gone", at=10), said("a", "Application", "here", at=10))
    city.apply(withdrawn("a/Application:gone", 20))

    code, _, err = ask("asset", "gone")
    assert (code, "; retired 20" in err) == (0, True)
    code, table, err = ask("changes", "gone")
    assert (code, "retired" in table, "gone is retired since 2026-01-01" in err) == (0, True, True)
    code, out, err = ask("impact", "gone")
    assert (code, out, "'gone' (" in err, "is retired: nothing runs" in err) == (1, "", True, True)
    assert [row["name"] for row in json.loads(ask("find", "--format", "json")[1])] == ["here"]
    found = ask("find", "--retired", "--format", "csv")[1].splitlines()
    assert found[0] == "kind,name,sources,first_seen,retired_at,id"
    assert [line.split(",")[1] for line in found[1:]] == ["gone", "here"]


def test_changes_are_told_as_of_a_day_and_refused_before_what_the_journal_keeps(city, ask):
    for day in range(6):
        city.apply(later(said("a", "Application", f"a{day}", at=10 + day), days=day))
    names = lambda *more: [row["name"] for row in json.loads(ask("changes", "--format", "json", *more)[1])]  # noqa: E731
    assert names("--as-of", "2026-01-02") == ["a1", "a0"]
    assert names("--from", "2025-01-01", "--to", "2026-01-01") == ["a0"]  # nothing was before, and all of it is kept

    now = START + timedelta(days=5)
    clock = iter([now, *[now + timedelta(hours=2)] * 1000])
    city.apply(journal_days=3, clock=lambda: next(clock))
    assert names("--from", "2026-01-04") == ["a5", "a4", "a3"]
    for span in (["--from", "2026-01-02"], ["--to", "2026-01-02"]):
        code, out, err = ask("changes", *span)
        assert (code, out) == (1, "")
        assert "is not kept: the journal begins at 2026-01-03 02:00 UTC" in err
    assert "the journal begins at 2026-01-03 02:00 UTC" in ask("changes", "a5")[2]


def test_the_counts_of_findings_are_of_those_that_are_shown(city, ask):
    def server(record, memory, at):
        names = (Identifier(scheme="fqdn", value="x.example"),)
        return observed(record, at, Section(name="x", identifiers=names, properties={"memory_mib": memory}))

    city.apply(
        server("a/1", 8, 1), server("b/1", 16, 2), said("c", "Application", "app", to("RUNS_ON", "Server", "no"))
    )

    every = json.loads(ask("quality", "--format", "json")[1])
    assert every["counts"] == {"disagreement": 1, "unanswered": 1}
    assert every["by_source"] == {"a": {"disagreement": 1}, "b": {"disagreement": 1}, "c": {"unanswered": 1}}
    for chosen in (["--source", "c"], ["--kind", "unanswered"]):
        found = json.loads(ask("quality", *chosen, "--format", "json")[1])
        assert (found["counts"], found["by_source"]) == ({"unanswered": 1}, {"c": {"unanswered": 1}})
        _, table, err = ask("quality", *chosen)
        assert ("unanswered" in table, "disagreement" in table + err) == (True, False)
