"""The types of sources: entry points of the group `landkarte.collectors`, ours and anybody's, loaded when asked for."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

from services.collectors.base import CollectorType

GROUP = "landkarte.collectors"


class BrokenCollector(Exception):
    """A type of source whose module cannot be used; the text says which, from which distribution, and why."""


class Types(Mapping[str, CollectorType]):
    """The types by name. Names are known without loading anything; a type is loaded once. Raises BrokenCollector."""

    def __init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Look again at what is installed."""
        self._loaded: dict[str, CollectorType] = {}
        self._entries = {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=_ours_last)}

    def origin(self, name: str) -> str:
        """The distribution that brings the type."""
        found = self._entries[name].dist
        return f"{found.name} {found.version}" if found else "unknown"

    def __getitem__(self, name: str) -> CollectorType:
        if name not in self._loaded:
            self._loaded[name] = _load(self._entries[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _ours_last(entry: EntryPoint) -> tuple[bool, str]:
    """Of two with one name the later is taken: nobody replaces what this project's documents describe."""
    return entry.value.startswith("services.collectors."), entry.name


def _load(entry: EntryPoint) -> CollectorType:
    origin = entry.dist.name if entry.dist else "an unknown distribution"
    try:
        found = entry.load()
    except Exception as error:
        raise BrokenCollector(
            f"type {entry.name!r} of {origin} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, CollectorType) or found.name != entry.name:
        raise BrokenCollector(f"type {entry.name!r} of {origin}: {entry.value} is no CollectorType of that name")
    return found


COLLECTORS = Types()
