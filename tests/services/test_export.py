"""The command `landkarte export`, and the same over HTTP."""

import json
from datetime import timedelta

import pytest

from services.api.state import State
from services.settings import load
from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import START, withdrawn
from tests.services.exports.bills import components, read
from tests.services.graphs import Landscape, later
from tests.services.test_api import Api, problem_of

DAY = START.date().isoformat()
DEBIAN = system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12")
ODD = "Bürger-PC 💶"


@pytest.fixture
def city(tmp_path):
    found = Landscape(tmp_path / "city")
    found.apply(
        later(said("a", "Server", "srv", DEBIAN, program("bash", "5")), days=0),
        later(said("a", "Server", "gone"), days=0),
        later(said("a", "Client", ODD), days=0),
    )
    found.apply(
        later(said("a", "Application", "Wohngeld", to("RUNS_ON", "Server", "srv"), at=20), days=1),
        later(withdrawn("a/Server:gone", 21), days=1),
    )
    yield found
    found.close()


@pytest.fixture
def export(city, landkarte):
    """Runs `landkarte export cyclonedx` on the graph; gives exit code, stdout, stderr."""
    here = {f"LANDKARTE_{name}": f"sqlite:///{city.folder}/{name.lower()}.db" for name in ("LOG", "GRAPH")}
    return lambda *arguments: landkarte("export", "cyclonedx", *arguments, **here)


@pytest.fixture
def api(city, tmp_path):
    state = State(load(None, data_dir=tmp_path), city.log, city.store)
    yield Api(state)
    state.close()


def names(text):
    return set(components(read(text)))


def test_the_document_goes_to_stdout_and_nothing_else_does(export):
    code, out, err = export()

    assert (code, err) == (0, "")
    assert names(out) == {"IT landscape", "srv", "Wohngeld", ODD, "debian", "bash"}
    assert out.isascii()


def test_what_is_named_goes_to_a_file(export, tmp_path):
    code, out, err = export("wohngeld", "--out", "w.cdx.json", "--on", "2040-01-01")

    text = (tmp_path / "w.cdx.json").read_text()
    assert (code, out, err) == (0, "", "")
    assert names(text) == {"Wohngeld", "srv", "debian", "bash"}
    assert {"name": "landkarte:lifecycle:on", "value": "2040-01-01"} in json.loads(text)["metadata"]["properties"]
    assert [path.name for path in tmp_path.glob("*w.cdx*")] + [path.name for path in tmp_path.glob(".w*")] == [
        "w.cdx.json"
    ]


@pytest.mark.parametrize(("name", "reason"), [("nobody", "no asset has"), ("gone", "is retired")])
def test_what_cannot_be_told_ends_with_the_reason_and_leaves_the_file_as_it_was(export, tmp_path, name, reason):
    (tmp_path / "old.json").write_text("old")

    code, out, err = export(name, "--out", "old.json")
    assert (code, out, reason in err) == (1, "", True)
    assert (tmp_path / "old.json").read_text() == "old"


def test_a_file_that_cannot_be_written_is_named(export):
    code, _, err = export("--out", "missing/bill.json")

    assert (code, "missing/bill.json: No such file or directory" in err) == (1, True)


def test_the_past_can_be_exported(export):
    code, out, err = export("--as-of", DAY)

    assert (code, "were set back" in " ".join(err.split())) == (0, True)
    assert names(out) == {"IT landscape", "srv", "gone", ODD, "debian", "bash"}
    assert export("gone", "--as-of", DAY)[0] == 0


def test_the_same_is_answered_over_http(api, export):
    answer = api.get("/api/v1/bom")

    assert answer.headers["content-type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert timeless(answer.text) == timeless(export()[1])
    some = api.get("/api/v1/bom", params={"id": ["srv", ODD], "on": "2040-01-01"}).text
    assert names(some) == {f"srv, {ODD}", "srv", ODD, "debian", "bash"}
    assert names(api.get("/api/v1/bom", params={"as_of": DAY}).text) >= {"gone"}


def timeless(text):
    """Without the number and the time that each document has of its own."""
    document = read(text)
    assert document.pop("serialNumber")
    assert document["metadata"].pop("timestamp")
    return document


def test_what_http_cannot_answer_is_a_problem(api):
    assert "no asset has" in problem_of(api.get("/api/v1/bom", params={"id": "nobody"}), 404)
    assert "is retired" in problem_of(api.get("/api/v1/bom", params={"id": "gone"}), 404)
    early = (START - timedelta(days=9)).date().isoformat()
    assert "the journal begins" in problem_of(api.get("/api/v1/bom", params={"as_of": early}), 410)
    problem_of(api.get("/api/v1/bom", params={"name": "srv"}), 422)
    problem_of(api.get("/api/v1/bom", params={"on": "soon"}), 422)


def test_the_media_type_stands_in_the_description(api):
    answers = api.get("/openapi.json").json()["paths"]["/api/v1/bom"]["get"]["responses"]

    assert "application/vnd.cyclonedx+json; version=1.6" in answers["200"]["content"]
