"""What is told of the past beside the graph as it was: sources, ids, what the graph holds."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.quality import quality
from services.answers import asked_about, past_of
from services.lookup import NotFound, find_sources
from services.settings import expectations, load
from tests.inventory.feeding import said
from tests.services.graphs import later
from tests.services.test_upkeep import City

SOURCES = [{"type": "local", "name": name} for name in ("daily", "stopped", "new", "nobody", "silent-import")]
FIRST = datetime(2026, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def city(tmp_path):
    found = City(tmp_path)
    found.clock.now = FIRST
    yield found
    found.close()


def as_of(city, question, **time):
    with past_of(city.store, FIRST + timedelta(**time)) as past:
        return question(past)


def silent(reader):
    answer = quality(reader, expectations(load(None, sources=SOURCES), asked_about(reader)))
    return {finding.name: finding.text for finding in answer.findings if finding.kind == "silent"}, answer.limits


def test_sources_are_silent_as_of_then_as_their_runs_tell(city):
    city.apply(later(said("silent-import", "Server", "x", at=1), days=31))  # of which no run is known
    for day in range(0, 60, 2):
        for source in ("daily", *(["stopped"] if day in {0, 50} else []), *(["new"] if day == 50 else [])):
            city.push(source, f"{source}-{day}")
        city.clock.pass_by(days=1)
        city.push("daily")  # a run that sees nothing is no word
        city.apply()
        city.clock.pass_by(days=1)
    city.apply(later(said("silent-import", "Server", "y", at=2), days=99))

    found, limits = as_of(city, silent, days=31)
    assert found == {"stopped": "last heard of 2026-02-01 08:00 UTC", "nobody": "never heard of"}
    assert limits[:2] == [
        "new: first heard of later, so nothing is expected of it",
        "silent-import: no run of it tells when it was last heard of, so whether it was silent is not known",
    ]
    assert as_of(city, lambda past: past.status().last_seen, days=31) == {
        "daily": FIRST + timedelta(days=30),
        "stopped": FIRST,
        "silent-import": FIRST + timedelta(days=31),
    }
    with pytest.raises(NotFound, match="'new' fits none"):
        as_of(city, lambda past: find_sources(past, ["new"]), days=30)
