"""Reading a table of published runs; a row that can't be read is kept, with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from rackwright.sizing.published.runs import Run

REQUIRED = ("model", "gpus", "gpu", "precision")
"""Columns without which no run can be told."""

MEASURES = ("step_s", "tok_s_gpu", "tflops_gpu")
"""Columns of which one at least says how fast a run was."""


NOTES = ("status", "active_B")
"""Columns that say something to people alone."""


class TableError(Exception):
    """A file that is no table of runs; the message names what is wrong and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A row that can't be read."""

    case: str
    source: str
    model: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rows of a file, in its order."""

    rows: tuple[Run | Unreadable, ...]
    ignored_columns: tuple[str, ...]


def read_runs(text: str) -> Table:
    """Read a CSV file's text; raise `TableError` where it is no table of runs."""
    if "\0" in text:
        raise TableError("it is no text; save it as comma-separated values in UTF-8")
    try:
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise TableError(f"it is no CSV file: {error}; save it as comma-separated values") from error
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        raise TableError("it is empty; the first line must name the columns, such as model,gpus,gpu,precision,step_s")
    known = {field.alias or name for name, field in Run.model_fields.items()} | {*NOTES}
    spelled = {name.casefold(): name for name in known}
    header = [spelled.get(name.strip().casefold(), name.strip()) for name in lines[0]]
    _check(header)
    return Table(
        rows=tuple(_row(header, line) for line in lines[1:]),
        ignored_columns=tuple(name for name in header if name and name not in known),
    )


def _check(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if missing:
        raise TableError(
            f"it lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has {', '.join(header)}"
        )
    if twice:
        raise TableError(f"it has two columns named {twice[0]}; rename or remove one")
    if not any(name in header for name in MEASURES):
        raise TableError(f"it lacks a measure: give one of the columns {', '.join(MEASURES)}")


def _row(header: list[str], line: list[str]) -> Run | Unreadable:
    cells = dict(zip(header, line, strict=False))
    if len(line) > len(header):
        return _unreadable(cells, f"it has {len(line)} cells for {len(header)} columns; quote cells that hold a comma")
    try:
        return Run.model_validate(cells)
    except ValidationError as error:
        return _unreadable(cells, "; ".join(_sentence(detail) for detail in error.errors()))


def _unreadable(cells: Mapping[str, str], reason: str) -> Unreadable:
    case, source, model = (cells.get(name, "").strip() for name in ("case", "source", "model"))
    return Unreadable(case=case, source=source, model=model, reason=reason)


def _sentence(detail: Mapping[str, object]) -> str:
    """One of pydantic's errors in words: column, value, expectation."""
    location = detail["loc"]
    column = location[0] if isinstance(location, tuple) and location else "?"
    message = str(detail["msg"]).removeprefix("Input should be ")
    if detail["type"] == "missing" or detail["input"] in {None, ""}:
        return f"{column} is blank; it is needed"
    return f"{column}: got {detail['input']!r}; expected {message}"
