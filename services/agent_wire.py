"""What inventory agents send over HTTP, and what they expect as an answer. Pure.

FusionInventory and OCS agents: XML, compressed by zlib (RFC 1950), gzip (RFC 1952) or not at all; first a PROLOG, which
asks whether and how often to report, then the INVENTORY. GLPI agents: JSON in the same packing, first a `contact`, then
the `inventory`. An answer is packed as the question was. The agents' own client modules were the reference
(FusionInventory::Agent::HTTP::Client::OCS, GLPI::Agent::HTTP::Client::GLPI).
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from events.models import LONGEST_NAME, Draft
from services.collectors import fusioninventory, glpi
from services.collectors.agent_inventory import text
from services.collectors.base import NotOurs, nobody
from services.collectors.formats import parse_xml

Packing = Literal["zlib", "gzip", "plain"]
MEDIA = {"zlib": "application/x-compress-zlib", "gzip": "application/x-compress-gzip"}
_WBITS = {"zlib": zlib.MAX_WBITS, "gzip": zlib.MAX_WBITS | 16}
MOST_PARTS = 1_000_000
"""Tags and attributes, or values, of one message; a computer with 3,000 packages has some 60,000.

Each takes many times its bytes once it is read: 64 MB of `<a/>`, packed into 64 KB, would be 1.4 GB.
"""
_PARTS = {"XML": (b"<", b"="), "JSON": (b"[", b"{", b",")}
"""What stands before each of them, as a byte: so it is in every encoding that is read."""
_QUIET = {"contact", "get_params"}
"""Actions of the GLPI agent that carry no inventory."""


class Malformed(ValueError):
    """No message of an agent; the text says why."""


class TooLarge(Exception):
    """Unpacked it is larger than allowed, or in more parts; the text says what is allowed."""


@dataclass(frozen=True)
class Message:
    """A message as it arrived, unpacked. `form`: how it is written, and so is the answer."""

    data: bytes
    packing: Packing
    form: Literal["XML", "JSON"]


@dataclass(frozen=True)
class Said:
    """What a message says: records, or nothing (a prolog, a contact), and the device that it is from."""

    device: str
    drafts: tuple[Draft, ...] = ()


def unpack(body: bytes, limit: int) -> Message:
    """The message in a body, at most `limit` bytes; never more than that is in memory. Raises Malformed, TooLarge."""
    packing = _packing(body)
    data = body if packing == "plain" else _inflate(body, _WBITS[packing], limit)
    if len(data) > limit:
        raise TooLarge(f"more than {limit:,} bytes when unpacked; max_unpacked_bytes allows no more")
    begins = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if begins not in {b"<", b"{"}:
        raise Malformed("neither XML nor JSON")
    return Message(data, packing, "XML" if begins == b"<" else "JSON")


def read(message: Message, person: Callable[[str], str] = nobody) -> Said:
    """What the message says. Raises NotOurs for no inventory that is taken, TooLarge, and what parsing raises."""
    if any(message.data.count(mark) > MOST_PARTS for mark in _PARTS[message.form]):
        raise TooLarge(
            f"more than {MOST_PARTS:,} {'tags' if message.form == 'XML' else 'values'}, which is no inventory"
        )
    return _read_json(message.data, person) if message.form == "JSON" else _read_xml(message.data, person)


def answer(message: Message, said: Said, hours: int) -> tuple[bytes, str]:
    """(body, media type) that lets the agent go on, and report again after so many hours."""
    if message.form == "JSON":
        return _packed(message, json.dumps({"status": "ok", "expiration": hours}).encode())
    reply = Element("REPLY")
    SubElement(reply, "RESPONSE").text = "OK" if said.drafts else "SEND"
    SubElement(reply, "PROLOG_FREQ").text = str(hours)
    return _packed(message, tostring(reply, encoding="UTF-8"))


def refusal(reason: str) -> tuple[bytes, str]:
    """(body, media type) of an answer that goes with an HTTP error: GLPI agents log its text, the others the status."""
    return json.dumps({"status": "error", "message": reason}).encode(), "application/json"


def _packing(body: bytes) -> Packing:
    if body[:2] == b"\x1f\x8b":
        return "gzip"
    zipped = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return "zlib" if zipped else "plain"  # RFC 1950: the first two bytes are a multiple of 31


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    unpacking = zlib.decompressobj(wbits)
    try:
        data = unpacking.decompress(body, limit + 1)
    except zlib.error as error:
        raise Malformed(f"cannot be unpacked: {error}") from error
    if len(data) <= limit and not unpacking.eof:
        raise Malformed("cannot be unpacked: it is cut off")
    return data


def _read_xml(data: bytes, person: Callable[[str], str]) -> Said:
    root = parse_xml(data)
    query, device = (root.findtext("QUERY") or "").strip().upper(), (root.findtext("DEVICEID") or "").strip()
    if root.tag == "REQUEST" and query == "PROLOG":
        return Said(device)
    return Said(device, tuple(fusioninventory.to_drafts(root, person)))


def _read_json(data: bytes, person: Callable[[str], str]) -> Said:
    found: Any = glpi.parse(data)
    device, action = text(found, "deviceid"), text(found, "action") or "inventory"
    if action in _QUIET:
        return Said(device)
    if action != "inventory":
        raise NotOurs(f"a message {action[:LONGEST_NAME]!r}, which is no inventory")
    return Said(device, tuple(glpi.to_drafts(found, person)))


def _packed(message: Message, data: bytes) -> tuple[bytes, str]:
    if message.packing == "plain":
        return data, "application/json" if message.form == "JSON" else "application/xml"
    packing = zlib.compressobj(wbits=_WBITS[message.packing])
    return packing.compress(data) + packing.flush(), MEDIA[message.packing]
