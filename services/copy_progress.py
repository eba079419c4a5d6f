"""How far a copy has come, in a small file that is whole at any moment."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from events.database import FileDamaged
from events.log import RECORDS, StoredMessage, TopicPartition


@dataclass
class Progress:
    """For each partition: `read`, the next offset to copy; `written`, where the target ends with what was copied.

    `told`: since when the past is exact, as the target was told last; `tellings`: how many of its messages say that.
    """

    path: Path
    read: dict[TopicPartition, int]
    written: dict[TopicPartition, int]
    told: str = ""
    tellings: int = 0

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """None for a copy that was not begun. Raises FileDamaged."""
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_bytes())
            rows = [(TopicPartition(topic, n), int(r), int(w)) for topic, n, r, w in found["partitions"]]
            told, tellings = str(found.get("told", "")), int(found.get("tellings", 0))
        except (ValueError, TypeError, LookupError) as error:
            raise FileDamaged(f"{path}: is not the progress of a copy; begin again with an empty log") from error
        return cls(path, {at: read for at, read, _ in rows}, {at: written for at, _, written in rows}, told, tellings)

    @property
    def copied(self) -> int:
        """How many messages of the source stand in the target."""
        return sum(self.written.values()) - self.tellings

    def note(self, batch: Sequence[StoredMessage]) -> None:
        """These were appended to the target."""
        for message in batch:
            self.read[message.at] = message.offset + 1
            self.written[message.at] += 1

    def tell(self, since: str) -> None:
        """The target was told that, by one message."""
        self.told, self.tellings = since, self.tellings + 1
        self.written[TopicPartition(RECORDS, 0)] += 1

    def save(self) -> None:
        """Durable on return, and never half."""
        fresh = self.path.with_suffix(".new")
        rows = [[*at, read, self.written[at]] for at, read in sorted(self.read.items())]
        told = {"partitions": rows, "told": self.told, "tellings": self.tellings}
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
