"""The code blocks of all documents, and what a comment before one says that it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.is_file()
)

FENCED = re.compile(
    r"^(?:<!-- needs: (?P<needs>.+?) -->\n)?(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class CodeBlock:
    """One fenced block."""

    document: str
    line: int
    language: str
    text: str
    needs: str | None
    """Why no test runs it."""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Its lines without comments; each is one command."""
        lines = (re.sub(r"(^| +)#.*$", "", line).rstrip() for line in self.text.splitlines())
        return [line for line in lines if line]


def code_blocks(document: str) -> list[CodeBlock]:
    """The fenced blocks of a document, by its path below the root."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [
        CodeBlock(
            document=document,
            line=text.count("\n", 0, found.start("fence")) + 1,
            language=found["language"],
            text=found["text"],
            needs=found["needs"],
        )
        for found in FENCED.finditer(text)
    ]


def prose(document: str) -> str:
    """The text of a document without its fenced blocks."""
    return FENCED.sub("", (ROOT / document).read_text(encoding="utf-8"))
