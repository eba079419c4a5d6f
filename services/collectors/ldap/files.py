"""LDIF, read one entry at a time: memory does not grow with the file."""

import codecs
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper
from itertools import chain
from typing import IO

from services.collectors.base import Report

MAX_ENTRY = 4 * 1024 * 1024
"""Bytes of one entry; a computer's takes some thousand."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TRAILERS = (b"search:", b"ref:", b"result:", b"control:")
"""What ldapsearch writes after and between entries where it is called without -LLL."""
Entry = dict[str, list[bytes]]


def read_entries(file: IO[bytes], name: str, report: Report) -> Iterator[tuple[str, str, Entry]]:
    """(where, DN, attributes) of each whole entry; bad ones are reported and the rest goes on.

    Raises ValueError where the file is no LDIF at all.
    """
    changes = read = 0
    for line, block in _blocks(_lines(file)):
        try:
            dn, entry, change = _parse(block)
        except ValueError as error:
            if not read:
                raise ValueError(f"line {line}: {error}") from error
            report.seen()
            report.failed(f"{name}, line {line}", f"not readable as LDIF: {error}")
            continue
        if dn is None:
            continue
        read += 1
        if change in {"", "add"}:
            yield f"line {line}", dn, entry
        else:
            changes += 1
    if changes:
        report.seen(changes)
        report.skipped(name, f"{changes:,} entries are changes (modify, delete, ...); only whole entries are read")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines as UTF-8; `ldifde -u` writes UTF-16. A line is read in parts, so that none fills the memory."""
    start = file.read(3)
    file.seek(0)
    if start.startswith(_UTF_16):
        reader = TextIOWrapper(file, encoding="utf-16")
        try:
            while text := reader.readline(MAX_ENTRY):
                yield text.encode()
        finally:
            reader.detach()  # the file is closed by who opened it
        return
    file.seek(3 if start == codecs.BOM_UTF8 else 0)
    while line := file.readline(MAX_ENTRY + 1):
        yield line


def _blocks(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """(line it begins at, entry); None for an entry that is too large."""
    block: list[bytes] = []
    size = began = 0
    for number, line in enumerate(chain(lines, [b""]), 1):
        if line.strip(b"\r\n"):
            began = began if size else number
            size += len(line)
            if size <= MAX_ENTRY:
                block.append(line)
        elif size:
            yield began, b"".join(block) if size <= MAX_ENTRY else None
            block, size = [], 0


def _parse(block: bytes | None) -> tuple[str | None, Entry, str]:
    """(DN, attributes, kind of change). Raises ValueError. No DN: a version, or comments."""
    from ldif import LDIFParser  # noqa: PLC0415 - slow to import

    if block is None:
        raise ValueError(f"an entry of more than {MAX_ENTRY:,} bytes")
    first = next((line for line in block.split(b"\n") if not line.startswith(b"#")), b"")
    if first.startswith(_TRAILERS):
        return None, {}, ""
    try:
        dn, found = next(LDIFParser(BytesIO(block), encoding=None, strict=True).parse(), (None, {}))
    except ValueError:  # its text may have a person's DN
        raise ValueError("no entry, which is `dn: ...` and lines of `name: value`, in UTF-8 or Base64") from None
    entry = {name: [bytes(value) for value in values] for name, values in found.items()}
    change = next((values[0] for name, values in entry.items() if name.casefold() == "changetype"), b"")
    return dn, entry, change.decode("ascii", "replace").strip().casefold()
