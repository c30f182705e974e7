"""Tables in Markdown whose rows become blocks on a narrow screen (docs/assets/narrow.css)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown of one line or more."""
    lines = [headers, ["---"] * len(headers), *([_cell(each) for each in row] for row in rows)]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f'<div class="narrow" markdown="1">\n\n{text}\n\n</div>'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
