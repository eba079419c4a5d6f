"""What messages weigh, counted the same in both logs."""

from collections.abc import Iterable, Iterator, Sequence

from events.log import MAX_MESSAGE_BYTES, Message, MessageTooLarge, StoredMessage

MAX_ENVELOPE_BYTES = 1024 * 1024
"""The largest key and headers of one message."""


def size_of(message: Message | StoredMessage) -> int:
    """Bytes of key, headers and value, uncompressed."""
    headers = sum(len(name) + len(value) for name, value in message.headers)
    return len(message.key) + headers + len(message.value)


def check_sizes(messages: Iterable[Message]) -> None:
    """Raises MessageTooLarge for the first message that no log takes."""
    for message in messages:
        envelope = size_of(message) - len(message.value)
        key = message.key[:200].decode(errors="replace")
        if len(message.value) > MAX_MESSAGE_BYTES:
            raise MessageTooLarge(f"{key}: {len(message.value):,} bytes, at most {MAX_MESSAGE_BYTES:,} are possible")
        if envelope > MAX_ENVELOPE_BYTES:
            raise MessageTooLarge(f"{key}: {envelope:,} bytes of key and headers, at most {MAX_ENVELOPE_BYTES:,}")


def in_batches(messages: Iterable[Message], max_bytes: int) -> Iterator[Sequence[Message]]:
    """The messages in their order, in batches that end with the message that reaches `max_bytes`."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        batch.append(message)
        size += size_of(message)
        if size >= max_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
