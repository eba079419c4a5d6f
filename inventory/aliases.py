"""Curated aliases: which names, as tools write them, mean which product. A data file, which a city can extend.

The file is TOML: a table for each kind of thing, and in it one line an alias: a regular expression of the whole name
(case does not count), and the product it means. See docs/lifecycle.md.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SECTIONS = frozenset({
    "system", "program", "purl", "node", "package", "marked-package", "image", "database", "hardware", "firmware",
})  # fmt: skip
_KEYS = frozenset({"product", "cycle", "vendor"})
_ENTRY = re.compile(r"""^\s*(?:'([^']*)'|"([^"]*)"|([A-Za-z0-9_-]+))\s*=""")
_HEAD = re.compile(r"^\s*\[\s*([\w-]+)\s*\]")
_LITERAL = re.compile(r"[a-z]{2}(?![?*{])", re.IGNORECASE)


class AliasesInvalid(ValueError):
    """A file of aliases that cannot be used: every fault with its line."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name and its product. Empty `product`: none of the table, whatever later rules say. `cycle`: always this one.

    The pattern's group `v` is the version; without one the version is what the item says itself.
    """

    pattern: re.Pattern[str]
    product: str
    cycle: str = ""
    vendor: re.Pattern[str] | None = None

    @classmethod
    def of(cls, pattern: str, product: str, cycle: str = "", vendor: str = "") -> "Alias":
        """From texts. Raises ValueError for what is no regular expression."""
        return cls(_compiled(pattern), product, cycle, _compiled(vendor) if vendor else None)

    def version(self, name: str, reported: str, vendor: str) -> str | None:
        """The version that an item has by this alias, or None where the alias does not fit."""
        found = self.pattern.fullmatch(name)
        if found is None or (self.vendor and not self.vendor.search(vendor)):
            return None
        return self.cycle or found.groupdict().get("v") or reported


class Aliases:
    """Aliases by section, in their order; looked up by the two letters that a pattern begins with."""

    def __init__(self, sections: Mapping[str, Iterable[Alias]]) -> None:
        self._lists = {name: tuple(aliases) for name, aliases in sections.items()}
        self._found: dict[tuple[str, str], tuple[Alias, ...]] = {}

    def find(self, section: str, name: str, version: str = "", vendor: str = "") -> tuple[Alias, str] | None:
        """The first alias that fits, and the version by it."""
        for alias in self._beginning(section, name[:2].casefold()):
            if (found := alias.version(name, version, vendor)) is not None:
                return alias, found
        return None

    def before(self, others: "Aliases") -> "Aliases":
        """These first, then the others."""
        return Aliases({name: (*self.of(name), *others.of(name)) for name in SECTIONS})

    def of(self, section: str) -> tuple[Alias, ...]:
        """All of one kind of thing."""
        return self._lists.get(section, ())

    def _beginning(self, section: str, letters: str) -> tuple[Alias, ...]:
        key = section, letters if letters.isascii() and letters.isalpha() else ""
        if key not in self._found:
            self._found[key] = tuple(
                alias for alias in self.of(section) if _begin(alias.pattern.pattern) in ("", letters)
            )
        return self._found[key]


@cache
def load_aliases() -> Aliases:
    """The bundled aliases."""
    return read_aliases(
        files("inventory").joinpath("data/aliases.toml").read_text(encoding="utf-8"), "data/aliases.toml"
    )


def read_aliases(text: str, file: str, products: Iterable[str] = ()) -> Aliases:
    """Aliases from a file's text. `products`: those there are, where it is to be checked.

    Raises AliasesInvalid, which names the file and the line of every fault.
    """
    try:
        told = tomllib.loads(f"{text}\n")
    except tomllib.TOMLDecodeError as error:
        raise AliasesInvalid(f"{file}: {error}") from None
    known, faults = frozenset(products), []
    sections: dict[str, list[Alias]] = {}
    for section, entries in told.items():
        if section not in SECTIONS or not isinstance(entries, dict):
            faults.append(f"{section!r} is no kind of name; there are {', '.join(sorted(SECTIONS))}")
            continue
        for pattern, meaning in entries.items():
            try:
                sections.setdefault(section, []).append(_alias(pattern, meaning, known))
            except ValueError as error:
                faults.append(f"line {_line(text, section, pattern)}: {pattern!r}: {error}")
    if faults:
        raise AliasesInvalid("\n".join(f"{file}: {fault}" for fault in faults))
    return Aliases(sections)


def is_of_aliases(data: bytes) -> bool:
    """Whether a file is one of aliases, by its tables; of what is no TOML it cannot be told, and it is not."""
    try:
        told = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return bool(told) and told.keys() <= SECTIONS


def _alias(pattern: str, meaning: object, known: frozenset[str]) -> Alias:
    said = {"product": meaning} if isinstance(meaning, str) else {"product": ""} if meaning is False else meaning
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise ValueError('write a product\'s name, { product = "...", vendor = "..." }, or false for no product')
    if unknown := said.keys() - _KEYS:
        raise ValueError(f"{', '.join(sorted(unknown))} is none of {', '.join(sorted(_KEYS))}")
    product = said.get("product", "")
    if meaning is not False and (not product or (known and product not in known)):
        raise ValueError(f"product {product!r} is not in the lifecycle table" if product else "it names no product")
    return Alias.of(pattern, product, said.get("cycle", ""), said.get("vendor", ""))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}; put \\ before a sign that is meant itself") from None


def _begin(pattern: str) -> str:
    """The two letters that all that fits begins with, or "" where that cannot be told from the pattern's text."""
    found = _LITERAL.match(pattern)
    return found[0].casefold() if found and "|" not in _outside_groups(pattern) else ""


def _outside_groups(pattern: str) -> str:
    depth, outside = 0, []
    for sign in re.sub(r"\\.", "", pattern):
        depth += (sign == "(") - (sign == ")")
        outside += [sign] if depth == 0 else []
    return "".join(outside)


def _line(text: str, section: str, key: str) -> int:
    """The line of an entry; of its table where it is written in another way than usual."""
    within, at = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            within = head[1]
            at = number if within == section else at
        elif within == section and (found := _ENTRY.match(line)) and key in {*found.groups(), _unescaped(found[2])}:
            return number
    return at


def _unescaped(text: str | None) -> str:
    return (text or "").replace("\\\\", "\\")
