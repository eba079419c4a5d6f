"""A small message cannot take much memory, however it is made."""

import subprocess
import sys

import pytest

from services import agent_wire
from services.agent_wire import TooLarge, read, unpack

MIB = 1024 * 1024
CHILD = """
import resource, sys
from services.agent_wire import TooLarge, read, unpack
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
part, form = sys.argv[1].encode(), sys.argv[3].encode().split(b"...")
data = form[0] + part * (60_000_000 // len(part)) + form[1]
try:
    read(unpack(data, 64 * 1024 * 1024))
except TooLarge as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("part", "form", "reason"),
    [
        ("<a/>", "<REQUEST>...</REQUEST>", "more than 1,000,000 tags"),
        ("a='' ", "<REQUEST ...></REQUEST>", "more than 1,000,000 tags"),
        ("[],", '{"content":[...0]}', "more than 1,000,000 values"),
        ("{},", '{"content":[...0]}', "more than 1,000,000 values"),
        ('"ab",', '{"content":[...0]}', "more than 1,000,000 values"),
    ],
)
def test_very_many_parts_are_refused_before_they_are_read(part, form, reason):
    command = [sys.executable, "-c", CHILD, part, str(700 * MIB), form]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert reason in done.stdout, done.stderr[-300:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_parts_are_counted_in_every_encoding(monkeypatch, encoding):
    monkeypatch.setattr(agent_wire, "MOST_PARTS", 10)
    text = f'<?xml version="1.0" encoding="{encoding}"?><REQUEST>{"<a/>" * 12}</REQUEST>'
    message = agent_wire.Message(text.encode(encoding), "plain", "XML")
    with pytest.raises(TooLarge):
        read(message)


def test_a_large_inventory_is_far_from_the_limit():
    softwares = "<SOFTWARES><NAME>a</NAME><VERSION>1</VERSION><COMMENTS>x = 1</COMMENTS></SOFTWARES>" * 10_000
    text = f"<REQUEST><CONTENT>{softwares}</CONTENT><DEVICEID>a</DEVICEID><QUERY>INVENTORY</QUERY></REQUEST>"
    (draft,) = read(unpack(text.encode(), 64 * MIB)).drafts
    assert draft.native_key == "a"
