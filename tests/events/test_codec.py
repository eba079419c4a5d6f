"""Events survive the way through bytes; what is no event of ours is refused, and says what it still can."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import DecodeError, content_hash, decode, encode, encode_checked, message_key, record_of
from events.log import MAX_MESSAGE_BYTES, RECORDS, RUNS, Message, MessageTooLarge, StoredMessage, TopicPartition
from events.models import (
    CatalogueItem,
    Event,
    Identifier,
    LogCopied,
    Problem,
    RecordObserved,
    RecordWithdrawn,
    Reference,
    Relation,
    RunCompleted,
    RunReport,
    Section,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
CONTENT = Section(
    name="Größe 中",
    identifiers=(Identifier(scheme="serial", value="Dell Inc.\t640HP72"),),
    properties={"cores": 8, "load": 0.5, "virtual": True, "text": "8"},
    relations=(
        Relation(type="INSTALLED", to=CatalogueItem(kind="Software", properties={"name": "bash"})),
        Relation(type="RUNS_ON", to=Reference(scheme="host", value="esx-01", kind="Server"), direction="in"),
    ),
)
STAMP = {"source": "glpi-rathaus", "sequence": 1_800_000_000_000_000, "time": NOON}
OBSERVED = RecordObserved(
    **STAMP,
    native_key="pc/4711 @Bürgeramt",
    section="core",
    kind="Client",
    run="glpi-rathaus@2026-03-01T12:00",
    rank=60,
    first_observed=NOON - timedelta(days=400),
    changed=1_700_000_000_000_000,
    content=CONTENT,
)
WITHDRAWN = RecordWithdrawn(**STAMP, native_key="pc-4711", reason="ausgemustert")
COMPLETED = RunCompleted(**STAMP, run="run-1", partition=3)
REPORT = RunReport(
    **STAMP,
    run="run-1",
    collector="glpi",
    started=NOON,
    status="partial",
    seen=4,
    emitted=2,
    skipped=1,
    failed=1,
    problems=(Problem(item="b.json", reason="leer"),),
)
COPIED = LogCopied(**STAMP, log="a1b2", exact_from=NOON)
EVENTS = [OBSERVED, WITHDRAWN, COMPLETED, REPORT, COPIED]
names = st.text(min_size=1, max_size=20)
scalars = st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
sections = st.builds(
    Section,
    name=st.text(max_size=50),
    identifiers=st.lists(st.builds(Identifier, scheme=names, value=names), max_size=3).map(tuple),
    properties=st.dictionaries(names, scalars, max_size=5),
)


def stored(message: Message) -> StoredMessage:
    return StoredMessage(TopicPartition(message.topic, 0), 7, message.key, message.headers, message.value)


def with_header(message: Message, name: str, value: bytes | None) -> Message:
    kept = tuple(header for header in message.headers if header[0] != name)
    return replace(message, headers=kept if value is None else (*kept, (name, value)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: Event):
    assert decode(stored(encode(event))) == event


@given(content=sections, native_key=st.from_regex(r"[^#\x00-\x1f]{1,80}", fullmatch=True))
def test_any_content_comes_back_as_it_was(content: Section, native_key: str):
    event = OBSERVED.model_copy(update={"content": content, "native_key": native_key})

    assert decode(encode_checked(event)) == event


def test_a_time_in_another_zone_is_the_same_moment():
    event = WITHDRAWN.model_copy(update={"time": NOON.astimezone(timezone(timedelta(hours=2)))})

    assert encode(event) == encode(WITHDRAWN)


@pytest.mark.parametrize(
    ("event", "topic", "key", "placement"),
    [
        (OBSERVED, RECORDS, "glpi-rathaus/pc/4711 @Bürgeramt#core", "glpi-rathaus/pc/4711 @Bürgeramt"),
        (WITHDRAWN, RECORDS, "glpi-rathaus/pc-4711#", "glpi-rathaus/pc-4711"),
        (COMPLETED, RECORDS, "glpi-rathaus@3", 3),
        (REPORT, RUNS, "run-1", "glpi-rathaus"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_type_has_its_topic_key_and_placement(event: Event, topic: str, key: str, placement: str | int):
    message = encode(event)

    assert (message.topic, message.key.decode(), message.placement) == (topic, key, placement)
    assert message_key(event) == key


def test_a_record_is_a_cloud_event_in_binary_mode():
    message = encode(OBSERVED)

    assert {name: value.decode() for name, value in message.headers} == {
        "ce_specversion": "1.0",
        "ce_type": "landkarte.record.observed.v1",
        "ce_source": "urn:landkarte:glpi-rathaus",
        "ce_id": "glpi-rathaus/pc/4711 @Bürgeramt#core@1800000000000000",
        "ce_time": "2026-03-01T12:00:00.123456Z",
        "ce_subject": "pc/4711 @Bürgeramt",
        "ce_key": "glpi-rathaus/pc/4711 @Bürgeramt#core",
        "ce_sequence": "1800000000000000",
        "ce_section": "core",
        "ce_kind": "Client",
        "ce_run": "glpi-rathaus@2026-03-01T12:00",
        "ce_rank": "60",
        "ce_firstobserved": "2025-01-25T12:00:00.123456+00:00",
        "ce_changed": "1700000000000000",
        "content-type": "application/json",
    }
    assert message.value.startswith(
        b'{"identifiers":[{"scheme":"serial","value":"Dell Inc.\\t640HP72"}],"name":"Gr\xc3\xb6'
    )


def test_the_order_in_which_a_tool_reports_does_not_change_the_content():
    first = Section(identifiers=(Identifier(scheme="mac", value="a"), Identifier(scheme="mac", value="b")))
    second = Section(identifiers=tuple(reversed(first.identifiers)), properties={})

    assert content_hash(first) == content_hash(second)
    assert content_hash(first) != content_hash(Section(name="x", identifiers=first.identifiers))
    assert Section(identifiers=[*first.identifiers, *second.identifiers]) == first


def test_what_a_later_version_adds_is_ignored():
    message = with_header(encode(WITHDRAWN), "ce_new", b"1")

    assert decode(replace(message, value=b'{"reason":"ausgemustert","new":{}}')) == WITHDRAWN


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (with_header(encode(OBSERVED), "ce_type", b"landkarte.record.observed.v2"), "version unknown here, v2"),
        (
            with_header(encode(OBSERVED), "ce_type", b"org.example.other"),
            "'org.example.other' is unknown; known: landk",
        ),
        (with_header(encode(OBSERVED), "ce_rank", b"101"), "rank: Input should be less than or equal to 100"),
        (with_header(encode(OBSERVED), "ce_rank", None), "rank: Field required"),
        (with_header(encode(OBSERVED), "ce_time", b"yesterday"), "no CloudEvent of ours: "),
        (with_header(encode(OBSERVED), "ce_time", None), "attributes time are missing"),
        (with_header(encode(OBSERVED), "ce_specversion", b"9"), "specversion"),
        (with_header(encode(OBSERVED), "ce_kind", b"\xff"), "utf-8"),
        (with_header(encode(OBSERVED), "ce_subject", b"other"), "name different things"),
        (with_header(encode(OBSERVED), "ce_source", b"urn:landkarte:UPPER"), "source: String should match"),
        (replace(encode(OBSERVED), value=b'{"name":'), "Invalid JSON"),
        (replace(encode(OBSERVED), value=b""), "Invalid JSON"),
        (replace(encode(OBSERVED), value=b"[" * 100_000), "Invalid JSON"),
        (replace(encode(OBSERVED), value=b'{"relations":[{"type":"X"}]}'), r"relations\.0\.to: Field required"),
        (replace(encode(WITHDRAWN), value=b"[]"), "data: Input should be an object"),
        (replace(encode(OBSERVED), headers=()), "no CloudEvent of ours"),
    ],
)
def test_what_is_no_valid_event_is_refused_with_the_reason(message: Message, reason: str):
    with pytest.raises(DecodeError, match=reason):
        decode(stored(message))


def test_a_message_that_cannot_be_read_still_says_what_it_spoke_of():
    with pytest.raises(DecodeError) as caught:
        decode(replace(encode(OBSERVED), value=b"?"))

    assert (caught.value.record, caught.value.section) == ("glpi-rathaus/pc/4711 @Bürgeramt", "core")
    assert caught.value.sequence == OBSERVED.sequence


@pytest.mark.parametrize("key", [b"\xff#core", b"no-slash#core", b"source@3", b""])
def test_a_key_that_names_no_record_gives_none(key: bytes):
    assert record_of(replace(encode(COMPLETED), key=key, headers=())) == (None, None)


@given(
    headers=st.lists(st.tuples(st.sampled_from([n for n, _ in encode(OBSERVED).headers]) | names, st.binary())).map(
        tuple
    ),
    key=st.binary(max_size=50),
    value=st.binary(max_size=50),
)
def test_any_bytes_are_decoded_or_refused(headers: tuple[tuple[str, bytes], ...], key: bytes, value: bytes):
    message = replace(encode(OBSERVED), headers=(*encode(OBSERVED).headers, *headers), key=key, value=value)

    with suppress(DecodeError):
        decode(message)


def test_too_large_a_section_is_named_with_its_size():
    large = OBSERVED.model_copy(update={"content": Section(properties={"blob": "x" * MAX_MESSAGE_BYTES})})

    with pytest.raises(MessageTooLarge, match=r"glpi-rathaus/pc/4711 @Bürgeramt#core: 8,388,6\d\d bytes"):
        encode(large)


@pytest.mark.parametrize(
    "change",
    [{"content": Section(properties={"load": float("nan")})}, {"time": NOON.replace(tzinfo=None)}, {"rank": 200}],
    ids=["NaN", "no zone", "invalid"],
)
def test_what_could_not_be_read_back_is_not_sent(change: dict[str, object]):
    with pytest.raises(ValueError, match="glpi-rathaus/pc/4711 @Bürgeramt#core: "):
        encode_checked(OBSERVED.model_copy(update=change))
