"""Printing: tables for people, JSON for programs. Colours and widths follow the terminal; a pipe gets plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 140
"""Columns where there is no terminal to ask: wide enough that tables don't wrap."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
"""The option that every command which prints data has."""


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error; made anew each time, since tests and pipes replace it."""
    out = Console(highlight=False, stderr=stderr)
    return out if out.is_terminal else Console(highlight=False, stderr=stderr, width=PIPE_WIDTH)


def print_json(data: object) -> None:
    """One JSON document."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table; values are shown as they are, never as markup."""
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)
