"""The sample city: the same seed gives the same bytes, and the real collectors read all of it."""

import hashlib
from collections import Counter

import pytest

from services.sample_city import Size, write_city
from services.sample_city.plan import make_city
from tests.services.collectors.checks import collected, related


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(p.relative_to(folder)).encode() + p.read_bytes() for p in files)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_city(tmp_path / name, Size.SMALL, seed)

    assert digest(tmp_path / "one") == digest(tmp_path / "again") != digest(tmp_path / "other")


def test_the_real_collectors_read_all_of_the_small_city(tmp_path):
    counts = write_city(tmp_path, Size.SMALL, 1)

    for kind, seen in (
        ("glpi", counts.glpi),
        ("fusioninventory", counts.fusioninventory),
        ("spreadsheet", counts.rows + counts.tables),
    ):
        drafts, report = collected(kind, tmp_path / kind)
        assert report.problems == []
        assert report.counts == {"seen": seen}
        assert drafts


@pytest.mark.parametrize(
    ("size", "servers", "clients", "applications"),
    [(Size.SMALL, 50, 200, 25), (Size.CITY, 500, 2000, 250), (Size.LARGE, 2000, 8000, 1000)],
)
def test_sizes_are_those_promised(size, servers, clients, applications, monkeypatch):
    monkeypatch.setattr("services.sample_city.plan.PACKAGES", dict.fromkeys(Size, (1, 1)))  # counts alone are asked
    city = make_city(size, 1)

    assert abs(len(city.hosts) + len(city.servers) - servers) <= 3
    assert len(city.clients) == clients
    assert len(city.applications) == applications


def test_the_citys_systems_are_as_many_as_its_story_says(monkeypatch):
    monkeypatch.setattr("services.sample_city.plan.PACKAGES", dict.fromkeys(Size, (1, 1)))
    city = make_city(Size.CITY, 1)

    systems = Counter(machine.system[2] for machine in city.machines)
    assert systems["Microsoft Windows Server 2016 Standard"] == 74
    assert systems["Microsoft Windows Server 2012 R2 Standard"] == 9
    assert systems["Microsoft Windows 10 Pro"] == 310
    programs = Counter(package[0] for machine in city.machines for package in machine.packages)
    assert programs["Microsoft SQL Server 2016 (64-bit)"] == 12
    assert sum(server.virtual == "VMware" for server in city.servers) == 400


@pytest.mark.parametrize("size", [Size.SMALL, Size.CITY])
def test_every_story_is_told(size, monkeypatch):
    monkeypatch.setattr("services.sample_city.plan.PACKAGES", dict.fromkeys(Size, (1, 1)))
    city = make_city(size, 1)

    assert {"DC01", "DC02"} <= {guest.name for guest in city.hosts[1].guests}
    runs_on = {row["name"]: row.get("server") for row in city.applications}
    assert runs_on["Friedhofsverwaltung"] == "SRV-ALT-07"
    assert runs_on["Bewohnerparken (Access-Datei)"] == city.clients[0].name
    assert "2008 R2" in next(s for s in city.servers if s.name == "SRV-ALT-07").system[2]


def test_both_data_centres_hang_on_one_uplink(tmp_path):
    write_city(tmp_path, Size.SMALL, 1)

    drafts, _ = collected("spreadsheet", tmp_path / "spreadsheet")
    centres = [d for d in drafts if d.kind == "Location" and d.native_key.startswith("location:rechenzentrum")]
    assert len(centres) == 2
    for centre in centres:
        assert "Uplink Landesnetz" in {to.value for to in related(centre, "POWERED_BY")}
