"""Dead letters: messages that cannot be decoded, kept whole, with where they stood and why they are here."""

from dataclasses import dataclass, replace

from events.codec import record_of
from events.log import DEADLETTERS, Message, StoredMessage, TopicPartition

TOPIC, PARTITION, OFFSET, REASON = "dl_topic", "dl_partition", "dl_offset", "dl_reason"
KEY = "dl_key"
OWN = frozenset({TOPIC, PARTITION, OFFSET, REASON, KEY})


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message read back: `original` is as it was found at `origin`, `offset`; appending it again is the retry."""

    origin: TopicPartition
    offset: int
    reason: str
    original: Message


class NoDeadLetter(ValueError):
    """A message of the topic of dead letters that was not written by `dead_letter`."""


def dead_letter(stored: StoredMessage, reason: str) -> Message:
    """The message for `landkarte.deadletters`; the same origin gives the same key, so writing it twice is harmless."""
    topic, partition = stored.at
    key = f"{topic}/{partition}@{stored.offset}"
    own = (
        (TOPIC, topic.encode()),
        (PARTITION, str(partition).encode()),
        (OFFSET, str(stored.offset).encode()),
        (REASON, reason.encode(errors="replace")),
        (KEY, stored.key),
    )
    return Message(DEADLETTERS, key.encode(), (*own, *stored.headers), stored.value, placement=key)


def read_dead_letter(stored: StoredMessage) -> DeadLetter:
    """What `dead_letter` wrote. Raises NoDeadLetter.

    The original goes back to its record's partition, and one that names no record to the partition it came from. Later
    messages of the same key stand before it then; the sequence decides, not the place.
    """
    own = dict(stored.headers[: len(OWN)])  # the original's own headers come after, whatever their names
    try:
        origin = TopicPartition(own[TOPIC].decode(), int(own[PARTITION]))
        offset, reason, key = int(own[OFFSET]), own[REASON].decode(), own[KEY]
    except (KeyError, ValueError) as error:
        raise NoDeadLetter(
            f"{stored.at.topic}/{stored.at.partition}@{stored.offset}: no dead letter of ours"
        ) from error
    headers = stored.headers[len(OWN) :]
    original = Message(origin.topic, key, headers, stored.value, origin.partition)
    record, _section = record_of(original)
    return DeadLetter(origin, offset, reason, replace(original, placement=record) if record else original)
