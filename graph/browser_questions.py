"""The questions of docs/neo4j-browser.md as favourites: `python -m graph.browser_questions` writes the file anew.

Neo4j Browser takes many favourites at once from a zip file: each file in it is one, each folder a folder, and a first
line that is a comment is a favourite's name.
"""

import io
import re
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

DOCUMENT = Path(__file__).parent.parent / "docs" / "neo4j-browser.md"
FILE = Path(__file__).parent / "browser" / "questions.zip"
_QUESTION = re.compile(r"^### (\d+)\. ([^\n]+)\n.*?```cypher\n(.*?)```", re.MULTILINE | re.DOTALL)


class Question(NamedTuple):
    number: int
    title: str
    cypher: str

    @property
    def favourite(self) -> str:
        """What Browser keeps and runs; it puts favourites in the order of their names."""
        return f"// {self.number:02}. {self.title}\n{self.cypher}"


def questions(document: str) -> list[Question]:
    """Every question that the document numbers, in its order."""
    return [Question(int(number), title, cypher) for number, title, cypher in _QUESTION.findall(document)]


def packed(asked: list[Question]) -> bytes:
    """The zip file; the same questions give the same bytes, since it says no time and compresses nothing."""
    content = io.BytesIO()
    with ZipFile(content, "w") as file:
        for question in asked:
            file.writestr(ZipInfo(f"Landkarte/{question.number:02}.cypher"), question.favourite)
    return content.getvalue()


if __name__ == "__main__":
    FILE.write_bytes(packed(questions(DOCUMENT.read_text(encoding="utf-8"))))
