"""What is configured is tried; what may be configured is listed, ours and other distributions'."""

import json
from contextlib import closing

import pytest
from typer.testing import CliRunner

from services import bootstrap
from services.cli import app
from services.cli import check as command
from services.cli.common import run as run_command
from services.collectors import BrokenCollector
from services.settings import ConfigurationError, load
from tests.services.third_party import third_party

__all__ = ["third_party"]


@pytest.fixture
def landkarte(tmp_path, monkeypatch, third_party):
    assert third_party.is_dir()
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        (tmp_path / "landkarte.toml").write_text(
            'log = "sqlite:///log.db"\ngraph = "sqlite:///graph.db"\ndata_dir = "."\n'
            '[[sources]]\ntype = "fine"\nname = "good"\nschedule = "15 2 * * *"\n'
            f'[[sources]]\ntype = "glpi"\nname = "gone"\npaths = ["{tmp_path}/none"]\n'
            '[[sources]]\ntype = "fault"\nname = "keeps"\npersons = "hash"\n'
            '[[sources]]\ntype = "fine"\nname = "hangs"\nmark = "hang"\n'
            '[[sources]]\ntype = "missing"\nname = "broken"\n'
            '[[sources]]\ntype = "fine"\nname = "never"\nschedule = "0 0 30 2 *"\n'
        )
        found = CliRunner().invoke(app, arguments)
        return found.exit_code, json.loads(found.stdout) if found.stdout else [], found.stderr, found.exception

    return call


def test_a_source_that_works_is_good_and_says_when_it_runs_next(landkarte):
    code, rows, _, _ = landkarte("check", "good", "--format", "json")

    assert code == 0
    assert [row["state"] for row in rows] == ["good", "good"]
    assert rows[0]["what"].startswith("schedule 15 2 * * *, next 20")
    assert rows[1]["what"] == "it is there"


def test_a_source_that_does_not_work_says_why_and_fails(landkarte):
    code, rows, _, _ = landkarte("check", "gone", "--format", "json")

    assert code == 1
    assert rows[-1]["fault"].endswith("none: there is no such file or folder; name one that exists")


def test_every_source_is_listed_with_its_next_times_and_what_is_wrong_with_its_type_or_paths(landkarte, tmp_path):
    code, rows, err, _ = landkarte("check", "--format", "json")

    sources = {row["what"].split()[1]: row for row in rows if row["what"].startswith("source ")}
    assert code == 1
    assert {name for name, row in sources.items() if row["state"] == "missing"} == {"broken", "gone", "never"}
    assert set(sources) == {"good", "gone", "keeps", "hangs", "broken", "never"}
    assert "type 'missing' of landkarte-odd cannot be loaded" in sources["broken"]["fault"]
    assert sources["never"]["fault"] == "it never comes: no day fits it"
    assert sources["gone"]["fault"] == f"{tmp_path}/none: No such file or directory"
    assert err == "no source was connected to: `landkarte check SOURCE` tries one\n"
    assert sources["hangs"]["what"] == "source hangs (fine), no schedule"
    assert sources["good"]["what"].startswith("source good (fine), schedule 15 2 * * *, next 20")
    assert sources["good"]["what"].count(", 20") == command.NEXT - 1


def test_a_broken_type_that_is_configured_stops_no_other_command(landkarte):
    assert landkarte("status", "--format", "json")[0] == 0
    assert landkarte("collect", "good")[0] == 0
    code, _, _, error = landkarte("collect", "broken")
    assert (code, type(error)) == (1, BrokenCollector)


def test_persons_that_are_kept_without_a_key_are_a_fault(landkarte):
    code, rows, _, _ = landkarte("check", "keeps", "--format", "json")

    assert code == 1
    assert rows[0]["fault"].startswith("person_key: keeps keeps hashes")


def test_who_holds_the_outbox_is_told_and_is_no_fault(landkarte, tmp_path):
    settings = load(None, data_dir=tmp_path)
    with closing(bootstrap.open_outbox(settings, "good")):
        code, rows, _, _ = landkarte("check", "good", "--format", "json")

    assert code == 0
    assert rows[1]["what"].startswith("outbox in use: good is being collected by process")


def test_a_check_that_hangs_is_given_up_and_what_it_told_counts(landkarte, monkeypatch):
    monkeypatch.setattr(command, "SECONDS", 1.0)
    code, rows, _, _ = landkarte("check", "hangs", "--format", "json")

    assert code == 1
    assert [row["what"] for row in rows] == ["it is there", "hangs"]
    assert rows[-1]["fault"] == "the check is not done after 1 s; it was given up"


def test_types_of_others_are_listed_with_their_origin_and_broken_ones_are_named(landkarte):
    code, rows, err, _ = landkarte("collectors", "--format", "json")

    origins = {row["type"]: row["from"] for row in rows}
    assert (code, origins["fine"], origins["glpi"].split()[0]) == (0, "landkarte-odd 1.0", "landkarte")
    assert {"wrong", "missing"}.isdisjoint(origins)
    assert "type 'missing' of landkarte-odd cannot be loaded: ModuleNotFoundError" in err
    assert "type 'wrong' of landkarte-odd: landkarte_odd:WRONG is no CollectorType of that name" in err


def test_the_settings_of_a_type_are_listed(landkarte):
    _, rows, _, _ = landkarte("collectors", "glpi", "--format", "json")

    assert {row["setting"]: row["default"] for row in rows} == {"paths": "(required)", "max_bytes": "52428800"}


def test_defaults_are_shown_as_they_are_written_in_the_configuration(landkarte):
    _, rows, _, _ = landkarte("collectors", "ssh", "--format", "json")

    shown = {row["setting"]: row["default"] for row in rows}
    assert {name: shown[name] for name in ("sudo", "port", "user", "known_hosts")} == {
        "sudo": "false",
        "port": "22",
        "user": "",
        "known_hosts": '["~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"]',
    }


def test_a_broken_type_stops_only_who_uses_it(landkarte, capsys):
    assert landkarte("check", "good", "--format", "json")[0] == 0
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: app(["import", "missing"], standalone_mode=False))
    assert ended.value.code == 1
    assert "type 'missing' of landkarte-odd cannot be loaded" in capsys.readouterr().err.replace("\n", " ")


def test_a_collector_of_others_is_imported(landkarte):
    assert landkarte("import", "fine")[0] == 0


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (["mark=one"], ""),
        (["mark=one", "hosts=a", "hosts=b", "port=161"], ""),
        (["hosts=a=b"], ""),
        (["port=many"], "port: Input should be a valid integer"),
        (["port=1", "port=2"], "--set port: it takes one value"),
        (["prot=1"], "--set prot: import fine takes KEY=VALUE of hosts, mark, port"),
        (["port"], "--set port: import fine takes KEY=VALUE of hosts, mark, port"),
        (["paths=x"], "--set paths: import fine takes KEY=VALUE"),
        (["rank=1"], "--set rank: import fine takes KEY=VALUE"),
    ],
)
def test_settings_of_a_type_are_given_on_the_command_line_and_checked(landkarte, given, fault):
    code, _, _, error = landkarte("import", "fine", *(word for one in given for word in ("--set", one)))

    assert (code, isinstance(error, ConfigurationError)) == ((1, True) if fault else (0, False))
    assert fault in str(error)


def test_settings_given_on_the_command_line_reach_the_collector(landkarte, tmp_path):
    mark = tmp_path / "seen"
    words = ["--set", f"mark={mark}", "--set", "hosts=a", "--set", "hosts=b", "--set", "port=161"]
    assert landkarte("import", "noting", *words)[0] == 0

    assert json.loads(mark.read_text()) == {"mark": str(mark), "hosts": ["a", "b"], "port": 161, "paths": []}


def test_paths_may_be_given_or_left_out_where_the_type_says_so(landkarte, tmp_path):
    mark = tmp_path / "seen"

    assert landkarte("import", "noting", "one", "two", "--set", f"mark={mark}")[0] == 0

    assert json.loads(mark.read_text())["paths"] == ["one", "two"]
