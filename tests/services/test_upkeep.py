"""Agents that push on their own: what they have not seen for long is withdrawn, and comes back with their next word."""

import threading
from contextlib import closing
from datetime import timedelta
from itertools import count

import pytest

from events.log import RECORDS, LogUnavailable, Message
from events.models import CURATION, Draft, Identifier, Section
from events.outbox import Outbox
from events.sqlite_log import SqliteLog
from services import bootstrap, curating, upkeep
from services.curating import Note
from services.settings import load
from services.upkeep import Done
from tests.graph.conftest import Clock
from tests.inventory.test_batch import observed
from tests.services.graphs import Landscape

SOURCES = [
    {"type": "local", "name": "agents", "retire_after": "30 days", "max_shrink": 1},
    {"type": "local", "name": "weekly", "retire_after": "2 weeks", "max_shrink": 1},
    {"type": "local", "name": "careful", "retire_after": "30 days"},
    {"type": "local", "name": "for-ever"},
]


class City(Landscape):
    """Sources whose agents push into outboxes, a clock of their own, and upkeep."""

    def __init__(self, folder, log=None):
        super().__init__(folder, log)
        self.clock, self.runs = Clock(), count()
        self.settings = load(None, data_dir=self.folder, sources=SOURCES)

    def push(self, source, *names, drain=True, status="partial"):
        """What agents say: a run that is never complete."""
        with closing(bootstrap.open_outbox(self.settings, source, self.clock)) as outbox:
            outbox.begin(f"{source}@{next(self.runs)}", "push", 50)
            for name in names:
                outbox.put(Draft(native_key=name, kind="Server", sections={"core": Section(name=name)}))
            outbox.end(status, seen=len(names))
            if drain:
                outbox.drain(self.log)

    def later(self, **time):
        """So much time goes by, in which all sources are heard every third day, and three times in its end."""
        end = self.clock.now + timedelta(**time)
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + timedelta(days=3))
            self.hear()
        for _ in range(2):
            self.hear()
        self.apply()

    def hear(self, *names):
        """A run of each source; the careful one alone sees these."""
        for source in SOURCES:
            self.push(source["name"], *(names if source["name"] == "careful" else ()))

    def upkeep(self):
        """What was withdrawn of each source, and what was left."""
        done = upkeep.upkeep(self.settings, self.log, self.store, self.clock)
        return {one.source: one for one in done if one != Done(one.source)}


@pytest.fixture
def city(tmp_path):
    found = City(tmp_path)
    yield found
    found.close()


def test_what_was_not_seen_for_so_long_is_withdrawn_and_comes_back_as_the_same_asset(city):
    city.push("agents", "a", "b")
    city.apply()
    (first,) = city.store.assets(text="a")
    city.later(days=31)
    city.push("agents", "b")
    city.apply()

    assert city.upkeep() == {"agents": Done("agents", 1)}
    assert city.names() == ["a", "b"]  # said, and not yet applied: only the event retires
    city.apply()
    assert city.names() == ["b"]

    city.later(days=3)
    city.push("agents", "a")
    city.apply()
    assert [node.id for node in city.store.assets(text="a")] == [first.id]
    changes = city.store.changes(asset_ids=[first.id])
    assert [change.what for change in changes] == ["created", "retired", "returned"]
    assert city.upkeep() == {}


def test_the_withdrawal_says_why(city):
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    city.upkeep()

    last = city.log.read(dict.fromkeys(city.log.ends([RECORDS]), 0), timeout=0, max_bytes=1 << 20)[-1]
    assert b"not seen for 30 days: not since 2026-11-24 12:00 UTC" in last.value


def test_each_source_has_its_own_age_and_none_without_one_is_touched(city):
    for source in ("agents", "weekly", "for-ever"):
        city.push(source, source)
    city.apply()

    city.later(days=13)
    assert city.upkeep() == {}
    city.later(days=2)
    assert city.upkeep() == {"weekly": Done("weekly", 1)}
    city.apply()
    city.later(days=100)
    assert city.upkeep() == {"agents": Done("agents", 1)}
    city.apply()
    assert city.names() == ["for-ever"]


def test_doing_it_again_does_nothing_whether_the_graph_has_heard_of_it_or_not(city):
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    city.upkeep()
    end = city.log.ends([RECORDS])

    assert city.upkeep() == {}
    city.apply()
    assert city.upkeep() == {}
    assert city.log.ends([RECORDS]) == end


@pytest.mark.parametrize("drain", [True, False], ids=["in the log", "in the outbox"])
def test_what_an_agent_said_that_the_graph_has_not_applied_counts(city, drain):
    city.push("agents", "a", "b")
    city.apply()
    city.later(days=31)
    city.push("agents", "a", drain=drain)

    assert city.upkeep() == {"agents": Done("agents", 1)}
    city.apply()
    assert city.names() == ["a"]


def test_a_word_that_cannot_be_read_counts_too(city):
    city.push("agents", "a", "b")
    city.apply()
    city.later(days=31)
    sequence = str(int(city.clock.now.timestamp() * 1_000_000)).encode()
    headers = (("ce_key", b"agents/a#core"), ("ce_sequence", sequence))
    city.log.append([Message(RECORDS, b"agents/a#core", headers, b"?", "agents/a")])

    assert city.upkeep() == {"agents": Done("agents", 1)}  # b, while a's stands in the log
    city.apply()
    assert city.names() == ["a"]
    assert city.upkeep() == {}  # and when the graph has it


def test_other_sources_that_talk_all_the_time_do_not_put_it_off(city):
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    city.say(observed("b/1", 10, Section(name="other")))

    assert city.upkeep() == {"agents": Done("agents", 1)}


def test_a_graph_that_is_far_behind_is_not_asked(city, monkeypatch):
    monkeypatch.setattr(upkeep, "MAX_LAG", 2)
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    city.say(*(observed(f"b/{number}", 10, Section(name="x"), first=0) for number in range(3)))

    left = "the graph is 3 messages behind the log: `landkarte inventory` has to catch up first"
    assert city.upkeep() == {"agents": Done("agents", 0, left)}


def test_a_graph_of_another_log_is_not_asked(city, tmp_path):
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    city.log.close()
    city.log = SqliteLog(tmp_path / "other.db")

    assert "has to catch up first" in city.upkeep()["agents"].left
    assert sum(city.log.ends([RECORDS]).values()) == 0


def test_a_source_that_is_being_collected_is_left_and_harms_no_other(city):
    for source in ("agents", "weekly"):
        city.push(source, source)
    city.apply()
    city.later(days=31)

    with closing(bootstrap.open_outbox(city.settings, "agents")):
        done = city.upkeep()
    assert "agents is being collected by process" in done["agents"].left
    assert done["weekly"] == Done("weekly", 1)
    assert city.upkeep() == {"agents": Done("agents", 1)}


def test_an_outbox_that_is_damaged_is_told_and_harms_no_other(city):
    for source in ("agents", "weekly"):
        city.push(source, source)
    city.apply()
    city.later(days=31)
    (city.folder / "outbox" / "agents.db").write_text("no database, but long enough to be looked at, and to be refused")

    done = city.upkeep()
    assert "agents.db: file is not a database" in done["agents"].left
    assert done["weekly"] == Done("weekly", 1)


def test_a_source_that_is_collected_elsewhere_is_left(city, tmp_path):
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    (tmp_path / "outbox").rename(tmp_path / "elsewhere")

    assert "agents has no outbox here" in city.upkeep()["agents"].left


def test_what_is_too_much_at_once_goes_on_the_next_time(city, monkeypatch):
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    city.push("agents", *"abcde")
    city.apply()
    city.later(days=31)

    assert city.upkeep() == {"agents": Done("agents", 2, "more than 2 are due")}
    assert city.upkeep() == {"agents": Done("agents", 2, "more than 2 are due")}
    assert city.upkeep() == {"agents": Done("agents", 1)}
    city.apply()
    assert city.names() == []


class Cut(SqliteLog):
    """Loses its connection when there is something to append."""

    cut = False

    def append(self, messages):
        if self.cut:
            raise LogUnavailable("the cable was pulled")
        super().append(messages)


def test_what_was_withdrawn_while_the_log_was_away_is_sent_later_once(tmp_path):
    city = City(tmp_path, Cut(tmp_path / "log.db"))
    city.push("agents", "a")
    city.apply()
    city.later(days=31)
    before = sum(city.log.ends([RECORDS]).values())

    city.log.cut = True
    with pytest.raises(LogUnavailable):
        city.upkeep()
    city.log.cut = False
    assert city.upkeep() == {}
    assert sum(city.log.ends([RECORDS]).values()) == before + 1
    city.apply()
    assert city.names() == []
    city.close()


def test_a_month_is_told_to_the_moment(city):
    city.push("agents", "a")
    city.apply()
    city.later(days=30)
    assert city.upkeep() == {}
    city.later(seconds=1)
    assert city.upkeep() == {"agents": Done("agents", 1)}


NOT_HEARD = "agents has no 30 days of usable runs without a gap of 180 hours between them"


def test_silence_counts_only_while_the_source_is_heard(city):
    """It was not collected, or failed: of what it is about nobody can say anything (law 4)."""
    city.push("agents", "a", "b")
    city.apply()
    city.clock.pass_by(days=100)
    assert city.upkeep() == {"agents": Done("agents", left=NOT_HEARD)}

    for _ in range(20):
        city.push("agents", status="failed")
        city.clock.pass_by(days=2)
    city.apply()
    assert city.upkeep() == {"agents": Done("agents", left=NOT_HEARD)}


def test_after_a_long_outage_silence_is_counted_anew(city):
    city.push("agents", "a", "b")
    city.apply()
    city.clock.pass_by(days=100)
    city.push("agents", "b")
    city.later(days=29)
    assert city.upkeep() == {"agents": Done("agents", left=NOT_HEARD)}

    city.later(days=2)
    assert city.upkeep() == {"agents": Done("agents", 2)}


def test_what_fewer_than_three_runs_have_missed_is_not_taken_back(city):
    """Of seldom runs one or two can miss a thing for no reason of its own."""
    city.settings = load(
        None, data_dir=city.folder, sources=[{"type": "local", "name": "agents", "retire_after": "4 days"}]
    )
    for _ in range(5):
        city.push("agents", "a", *(f"pc-{number}" for number in range(9)))
        city.clock.pass_by(hours=36)
    city.clock.pass_by(hours=-36)
    for _ in range(2):
        city.clock.pass_by(hours=36)
        city.push("agents", *(f"pc-{number}" for number in range(9)))
    city.clock.pass_by(hours=36)
    city.apply()
    assert city.upkeep() == {}

    city.push("agents", *(f"pc-{number}" for number in range(9)))
    city.apply()
    assert city.upkeep() == {"agents": Done("agents", 1)}


def test_a_source_that_lost_most_of_what_it_saw_is_left_for_a_person(city):
    """Though it did not lose all of it in the same hour, so that a part alone is due."""
    many = [f"pc-{number}" for number in range(30)]
    for name in many:
        city.push("careful", name)
        city.clock.pass_by(hours=1)
    for hours in [56] * 12 + [32]:
        city.clock.pass_by(hours=hours)
        city.hear(*many[:10])
    city.apply()
    assert 0 < len(city.store.unseen("careful", city.clock.now - timedelta(days=30), 100)) < 10

    left = city.upkeep()["careful"].left
    assert left.startswith("20 of its 30 records were not seen for half of 30 days, a share above max_shrink = 0.5")
    city.push("careful", *many[:16])
    city.later(days=3)
    assert city.upkeep() == {"careful": Done("careful", 14)}


def test_a_person_who_corrects_waits_until_upkeep_lets_go(city):
    first = bootstrap.open_outbox(city.settings, CURATION)
    threading.Timer(0.3, first.close).start()

    bootstrap.open_outbox(city.settings, CURATION).close()


def test_a_correction_ends_after_its_last_day(city):
    city.push("agents", "a")
    city.apply()
    note = Note("until it is replaced", "Erika Mustermann", (city.clock.now + timedelta(days=7)).date())
    with closing(bootstrap.open_outbox(city.settings, CURATION, city.clock)) as outbox:
        curating.say(curating.pin(city.store, "a", "cores", "8", note), outbox, city.clock)
        outbox.drain(city.log)
    city.apply()
    city.clock.pass_by(days=7)
    assert city.upkeep() == {}

    city.clock.pass_by(days=1)
    assert city.upkeep() == {CURATION: Done(CURATION, ended=1)}
    city.apply()
    assert city.store.assets()[0].properties == {}
    assert city.upkeep() == {}


def test_a_correction_ends_though_the_clock_of_whoever_made_it_was_ahead(city):
    city.push("agents", "a")
    city.apply()
    note = Note("until it is replaced", "Erika Mustermann", city.clock.now.date())
    ahead = Clock()
    ahead.pass_by(days=1, hours=14)
    with closing(Outbox(city.folder / "elsewhere.db", CURATION, clock=ahead)) as outbox:
        curating.say(curating.pin(city.store, "a", "cores", "8", note), outbox, ahead)
        outbox.drain(city.log)
    city.apply()
    city.clock.pass_by(days=1)

    assert city.upkeep() == {CURATION: Done(CURATION, ended=1)}
    city.apply()
    assert city.store.assets()[0].properties == {}


HARDWARE = tuple(
    Identifier(scheme=scheme, value=value)
    for scheme, value in (("smbios-uuid", "8c7e134f-5dfb-43d1-ac4a-3698aa2ca1af"), ("mac", "0e:5a:00:00:00:05"))
)


NOTE = Note("seen in the rack", "Erika Mustermann")


class Reinstalled(City):
    """A source with complete runs, and persons."""

    def run(self, *names, hardware=HARDWARE, source="glpi"):
        with closing(bootstrap.open_outbox(self.settings, source, self.clock)) as outbox:
            outbox.begin(f"{source}@{self.clock.now.isoformat()}", "glpi", 50)
            for name in names:
                content = Section(name=name, identifiers=hardware, properties={"cores": 4})
                outbox.put(Draft(native_key=name, kind="Server", sections={"core": content}))
            outbox.end("complete", seen=len(names))
            outbox.drain(self.log)
        self.apply()
        self.clock.pass_by(hours=1)

    def curate(self, find, *rest, note=NOTE):
        drafts = find(self.store, *rest, note) if note else find(self.store, *rest)
        with closing(bootstrap.open_outbox(self.settings, CURATION, self.clock)) as outbox:
            curating.say(drafts, outbox, self.clock, above=curating.latest(self.store, drafts))
            outbox.drain(self.log)
        self.apply()
        self.clock.pass_by(hours=1)

    def keep_up(self):
        done = self.upkeep().get(CURATION, Done(CURATION))
        self.apply()
        self.clock.pass_by(hours=1)
        return done.carried

    def cores(self):
        return [node.properties["cores"] for node in self.store.assets()]


@pytest.fixture
def office(tmp_path):
    found = Reinstalled(tmp_path)
    yield found
    found.close()


def test_what_a_person_set_is_carried_on_to_the_record_that_comes_in_the_place_of_another(office):
    office.run("srv-2020")
    office.curate(curating.pin, "srv-2020", "cores", "16")
    office.run("srv-2026")
    assert office.cores() == [4]

    assert office.keep_up() == 1
    assert office.cores() == [16]
    assert office.keep_up() == 0
    office.run("srv-2027")
    assert office.keep_up() == 1
    assert office.cores() == [16]
    office.run("other", hardware=())  # the machine is gone, and what was said of it waits
    assert office.keep_up() == 0
    assert office.cores() == [4]


def test_a_join_is_carried_on_too(office):
    office.run("crm", hardware=(), source="inventarliste")
    office.run("srv-2020")
    office.curate(curating.join, ["glpi/srv-2020", "inventarliste/crm"])
    office.run("srv-2026")
    assert len(office.store.assets()) == 2

    assert office.keep_up() == 1
    assert [node.sources for node in office.store.assets()] == [("glpi", "inventarliste")]
    assert office.keep_up() == 0


def test_what_a_person_says_later_of_the_new_record_holds(office):
    office.run("srv-2020")
    office.curate(curating.pin, "srv-2020", "cores", "16")
    office.run("srv-2026")
    office.keep_up()

    office.curate(curating.unset, "srv-2026", "cores", note=None)
    assert office.keep_up() == 0
    assert office.cores() == [4]
    office.curate(curating.unset, "glpi/srv-2020", "cores", note=None)  # what waits can be taken back too
    office.run("srv-2020")
    assert office.cores() == [4]


def test_the_later_word_about_an_asset_holds_whichever_of_its_records_it_was_said_of(office):
    office.run("x", source="ocs")
    office.run("srv-2020")
    office.curate(curating.pin, "glpi/srv-2020", "cores", "16")
    office.run("other", hardware=())
    office.curate(curating.pin, "ocs/x", "cores", "8")
    office.run("srv-2026")

    assert office.keep_up() == 0
    assert sorted(office.cores()) == [8]


def test_a_word_said_again_is_the_later_one(office):
    office.run("x", source="ocs")
    office.run("srv")
    for record, cores in (("glpi/srv", "8"), ("ocs/x", "16"), ("glpi/srv", "8")):
        office.curate(curating.pin, record, "cores", cores)

    assert office.cores() == [8]


def test_what_cannot_be_carried_on_is_named_and_the_rest_goes_on(office):
    office.run("srv-2020", "a")
    office.curate(curating.pin, "glpi/srv-2020", "cores", "16")
    office.run("s" * 510)

    (left,) = [done.left for done in office.upkeep().values() if done.source == CURATION]
    assert left.startswith("not carried on from glpi/srv-2020: ")


def test_what_waits_for_the_inventory_is_not_overridden(office):
    office.run("srv-2020")
    office.curate(curating.pin, "srv-2020", "cores", "16")
    office.run("srv-2026")
    drafts = curating.pin(office.store, "srv-2026", "cores", "8", Note("counted", "Erika Mustermann"))
    with closing(bootstrap.open_outbox(office.settings, CURATION, office.clock)) as outbox:
        curating.say(drafts, outbox, office.clock)
        outbox.drain(office.log)

    assert office.keep_up() == 0
    assert office.cores() == [8]


def test_what_holds_by_another_record_of_the_asset_is_not_said_again(office):
    office.run("srv", source="ocs")
    office.run("srv-2020")
    office.curate(curating.pin, "srv-2020", "cores", "16")
    office.run()  # held: nothing is retired yet
    with closing(bootstrap.open_outbox(office.settings, "glpi", office.clock)) as outbox:
        outbox.agree()
        outbox.drain(office.log)
    office.apply()

    assert office.cores() == [16]
    assert office.keep_up() == 0


def test_what_a_source_no_longer_sees_is_carried_on_to_what_others_see_of_it(office):
    office.run("srv", source="ocs")
    office.run("srv-2020")
    office.curate(curating.pin, "glpi/srv-2020", "cores", "16")
    office.run("other", hardware=())
    assert office.cores() == [4, 4]

    assert office.keep_up() == 1
    assert sorted(office.cores()) == [4, 16]


def test_what_was_done_is_told_in_its_own_words():
    assert Done("agents", 3).text == "3 records withdrawn"
    assert Done(CURATION, ended=1).text == "1 corrections ended, 0 carried on to a new record"
