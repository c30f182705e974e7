"""`rackwright size compare`: hardware beside other hardware."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from rackwright.catalog import ACCELERATORS, GPUS, HOSTS
from rackwright.cli.output import Json, console, print_json, print_table
from rackwright.cli.sizing.catalogue_tables import UNPUBLISHED
from rackwright.cli.sizing.plan_table import number, split_unit
from rackwright.sizing.published.comparison import Hardware, Row, comparison, hardware
from rackwright.specs.figure import Figure

UNITS = {"tflops": "TFLOPS", "tflops_per_kw": "TFLOPS/kW", "kw": "kW"}
"""Units that no plan has, as they end a figure's name, and how people write them."""


def names() -> list[str]:
    """All that can be compared."""
    return [*HOSTS.names(), *GPUS.names(), *ACCELERATORS.names()]


def register(app: typer.Typer) -> None:
    """Add the command to `rackwright size`."""
    app.command(epilog="Example: `rackwright size compare 4xdojo-cabinet 288xDGX-H100` (72 racks of four hosts).")(
        compare
    )


def compare(
    one: Annotated[
        str, typer.Argument(help="A GPU, host or accelerator of the catalogue; 4xNAME for four.", autocompletion=names)
    ],
    other: Annotated[str, typer.Argument(help="What it shall stand beside.", autocompletion=names)],
    *,
    as_json: Json = False,
) -> None:
    """Compare hardware by its published figures: peak, memory, power."""
    if as_json:
        print_json(comparison_as_data(one, other))
    else:
        print_comparison(one, other)


def comparison_as_data(one: str, other: str) -> dict[str, object]:
    """Two pieces of hardware side by side, as JSON has them; `SpecError` for an unknown one."""
    left, right = hardware(one, field="one"), hardware(other, field="other")
    rows = [_row_as_data(row) for row in comparison(left, right)]
    return {"one": _as_data(left), "other": _as_data(right), "rows": rows}


def print_comparison(one: str, other: str) -> None:
    """Print two pieces of hardware side by side, with what was published besides; `SpecError` for an unknown one."""
    left, right = hardware(one, field="one"), hardware(other, field="other")
    rows = [_row_as_text(row) for row in comparison(left, right)]
    print_table(("figure", left.name, right.name, "ratio", "its range"), rows)
    for each in (left, right):
        for statement in each.disagreeing:
            console().print(Text(f"! {each.title}: published too: {statement.value} ({statement.source})."))


def _as_data(each: Hardware) -> dict[str, object]:
    return {"title": each.title, "disagreeing": [statement.model_dump(mode="json") for statement in each.disagreeing]}


def _row_as_data(row: Row) -> dict[str, object]:
    figures = {"one": row.one, "other": row.other, "ratio": row.ratio}
    return {"what": row.what, **{name: figure and figure.model_dump(mode="json") for name, figure in figures.items()}}


def _row_as_text(row: Row) -> tuple[str, ...]:
    label, unit = _label(row.what)
    values = (f"{number(each.expected)} {unit}".rstrip() if each else UNPUBLISHED for each in (row.one, row.other))
    return (label, *values, number(row.ratio.expected) if row.ratio else UNPUBLISHED, _span(row.ratio))


def _label(what: str) -> tuple[str, str]:
    for ending, unit in UNITS.items():
        if what.endswith(f"_{ending}"):
            return what.removesuffix(f"_{ending}").replace("_", " "), unit
    return split_unit(what)


def _span(ratio: Figure | None) -> str:
    if ratio is None or ratio.low is None or ratio.high is None:
        return ""
    return f"{number(ratio.low)} – {number(ratio.high)}"
