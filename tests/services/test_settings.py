"""Wrong configuration: one line, naming the key, what is wrong and what is allowed; never a secret."""

from datetime import timedelta

import pytest

from services.settings import ConfigurationError, load
from services.times import parse_age, parse_schedule


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def configured(tmp_path, text):
    path = tmp_path / "landkarte.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_it_is_embedded():
    settings = load()

    assert (settings.log, settings.graph, settings.host) == (
        "sqlite:///var/log.db",
        "sqlite:///var/graph.db",
        "127.0.0.1",
    )


def test_the_environment_comes_before_the_file(tmp_path, monkeypatch):
    configured(tmp_path, 'log = "kafka://file:9092"\nport = 9000\n')
    monkeypatch.setenv("LANDKARTE_LOG", "kafka://environment:9092")

    assert (load().log, load().port) == ("kafka://environment:9092", 9000)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('log = "mysql://x"', "log: allowed are sqlite:///FILE and kafka://HOST:PORT"),
        ('graph = "neo4j://"', "graph: allowed are sqlite:///FILE and neo4j://HOST:PORT"),
        ('graph = "neo4j://neo4j:geheim@h:7687"', "graph: no user or password here"),
        ("port = 70000", "port: Input should be less than or equal to 65535"),
        ("prot = 8421", "prot: there is no such key; nearest is 'port'"),
        ("xyzzy = 1", "xyzzy: there is no such key; known are log, graph"),
        ('[[sources]]\ntype = "glpy"\nname = "a"', "'glpy' is no type of source; known are "),
        ('[[sources]]\ntype = "glpi"\nname = "A B"\npaths = ["."]', "sources.0.name: String should match pattern"),
        ('[[sources]]\ntype = "glpi"\nname = "a"', "paths"),
        ('[[sources]]\ntype = "local"\nname = "a"\npfade = 1', "pfade"),
        ('[[sources]]\ntype = "local"\nname = "a"\nschedule = "often"', "'often' is no schedule"),
        (
            '[[sources]]\ntype = "local"\nname = "a"\nrank = 101',
            "sources.0.rank: Input should be less than or equal to 100",
        ),
        ('[[sources]]\ntype = "local"\nname = "a"\n' * 2, "the name 'a' is used twice"),
        (
            '[[sources]]\ntype = "local"\nname = "a"\nmax_shrink = 1.5',
            "sources.0.max_shrink: Input should be less than",
        ),
        *(
            (
                f'[[sources]]\ntype = "local"\nname = "a"\nretire_after = "{text}"',
                f"retire_after: {text!r} is no age; allow",
            )
            for text in (
                "30",
                "days",
                "0 days",
                "-1 days",
                "30 months",
                "99999 days",
                "\u0663 days",
                "30 days ago",
                "1.5 days",
            )
        ),
        ("log = ", "not readable as TOML"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(tmp_path, text, told):
    configured(tmp_path, text)

    with pytest.raises(ConfigurationError) as error:
        load()
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert "geheim" not in str(error.value)


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load(tmp_path / "none.toml")


def test_a_password_is_never_shown(monkeypatch):
    monkeypatch.setenv("LANDKARTE_GRAPH_PASSWORD", "geheim")

    settings = load()
    assert settings.password() == "geheim"
    assert "geheim" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_password_is_read_from_a_file(tmp_path):
    (tmp_path / "password").write_text("geheim\n")

    assert load(None, graph_password_file=tmp_path / "password").password() == "geheim"
    with pytest.raises(ConfigurationError, match="No such file"):
        load(None, graph_password_file=tmp_path / "none").password()


def test_a_source_that_is_not_configured_is_told_with_those_that_are(tmp_path):
    configured(tmp_path, '[[sources]]\ntype = "local"\nname = "hier"\n')

    with pytest.raises(ConfigurationError, match="'dort' is not configured; configured are: hier"):
        load().source("dort")


@pytest.mark.parametrize("text", ["15 2 * * *", "every 6 hours", "every 1 day"])
def test_schedules_are_cron_or_intervals(text):
    assert parse_schedule(text)


@pytest.mark.parametrize("text", ["", "every 0 hours", "every six hours", "99 * * * *", "* * *"])
def test_other_schedules_are_refused(text):
    with pytest.raises(ValueError, match="is no schedule"):
        parse_schedule(text)


@pytest.mark.parametrize(("text", "days"), [("1 day", 1), ("30 days", 30), ("2 weeks", 14), ("9999 weeks", 69993)])
def test_ages_are_days_or_weeks(text, days):
    assert parse_age(text) == timedelta(days=days)
