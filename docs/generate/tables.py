"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of short cells; each is Markdown of one line or more."""
    lines = [headers, ["---"] * len(headers), *([_cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def table_of_sentences(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose rows become blocks of lines on a narrow screen (docs/assets/narrow.css)."""
    return f'<div class="narrow" markdown="1">\n\n{table(headers, rows)}\n\n</div>'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
