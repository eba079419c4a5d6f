"""What the project's documents say: their text, and the commands they tell a reader to type."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
_FENCE = re.compile(r"^( *)(```|~~~)[^\n]*\n(.*?)^\1\2", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_END_OF_COMMAND = {"|", "||", "&&", ";", "&", ">", ">>", "<", "2>"}
Command = tuple[str, ...]


def documents() -> dict[str, str]:
    """The text of every document for people, by path below the project's root."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(paths)}


def commands(text: str, program: str) -> list[Command]:
    """The arguments of every call of `program` that a fenced block, an indented block or inline code shows."""
    return [arguments for line in _code_lines(text) for arguments in _calls(line, program)]


def _code_lines(text: str) -> Iterator[str]:
    for fence in _FENCE.finditer(text):
        yield from fence.group(3).replace("\\\n", " ").splitlines()
    prose = _FENCE.sub("", text)
    yield from (line for line in prose.splitlines() if line.startswith("    "))
    yield from (code for line in prose.splitlines() if not line.startswith("    ") for code in _CODE.findall(line))


def _calls(line: str, program: str) -> Iterator[Command]:
    words = _words(line)
    if words[:1] == ["$"]:
        words = words[1:]
    while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] in {"sudo", "time"}):
        words = words[1:]
    if words and words[0].rpartition("/")[2] == program:
        yield tuple(_until_end(words[1:]))


def _until_end(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in _END_OF_COMMAND:
            return
        yield word


def _words(line: str) -> list[str]:
    """Split as a shell would; prose that is no shell (an apostrophe) is split at blanks."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()
