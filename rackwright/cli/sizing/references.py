"""`rackwright size reference`: published machines, planned or compared, beside what was published of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from rackwright import sizing
from rackwright.catalog import CLUSTERS, COMPARISONS, ReferenceHardware
from rackwright.cli.output import Json, console, print_json, print_table
from rackwright.cli.progress import progress
from rackwright.cli.sizing.compare import comparison_as_data, print_comparison
from rackwright.cli.sizing.plan_table import number, plan_tables, split_unit
from rackwright.sizing.published.reference import Comparison, comparisons, hardware_comparisons, reference_request
from rackwright.specs.figure import Figure

NOTHING = "–"


def names() -> list[str]:
    """All that were published: those that can be planned first."""
    return [*CLUSTERS.names(), *COMPARISONS.names()]


def register(app: typer.Typer) -> None:
    """Add the command to `rackwright size`."""
    app.command(epilog="Example: `rackwright size reference memphis`; `--list` prints the names, one a line.")(
        reference
    )


def reference(
    name: Annotated[
        str | None, typer.Argument(help="A reference cluster of the catalogue.", autocompletion=names)
    ] = None,
    *,
    list_names: Annotated[bool, typer.Option("--list", help="Print the names, one a line.")] = False,
    as_json: Json = False,
) -> None:
    """Plan a published cluster, and show the plan beside what was published of it."""
    if list_names or name is None:
        typer.echo("\n".join(names()))
    elif (found := COMPARISONS.find(name)) is not None:
        _compare(COMPARISONS.entries[found], as_json=as_json)
    else:
        _plan(CLUSTERS.name(name, field="reference"), as_json=as_json)


def _plan(name: str, *, as_json: bool) -> None:
    cluster = CLUSTERS.entries[name]
    with progress("Sizing") as report:
        plan = sizing.plan(reference_request(name), report=report)
    rows = comparisons(plan, cluster)
    if as_json:
        published = [_as_data(row) for row in rows]
        print_json(
            {
                "plan": plan.model_dump(mode="json", by_alias=True),
                "note": cluster.workload_note,
                "published": published,
            }
        )
        return
    console().print(plan_tables(plan))
    _print(f"{cluster.title}: the plan beside what was published", cluster.workload_note, rows)


def _compare(entry: ReferenceHardware, *, as_json: bool) -> None:
    rows = hardware_comparisons(entry)
    if as_json:
        published = [_as_data(row) for row in rows]
        compared = [comparison_as_data(*pair) for pair in entry.compared]
        print_json({"comparisons": compared, "note": entry.note, "published": published})
        return
    for pair in entry.compared:
        print_comparison(*pair)
        typer.echo("")
    _print(f"{entry.title}: the catalogue's figures beside what was published", entry.note, rows)


def _as_data(row: Comparison) -> dict[str, object]:
    planned = row.planned
    return {
        **row.published.model_dump(mode="json"),
        "planned": planned.expected if planned else None,
        "planned_low": planned.low if planned else None,
        "planned_high": planned.high if planned else None,
        "difference": row.difference,
        "in_range": row.in_range,
    }


def _print(title: str, note: str, rows: Sequence[Comparison]) -> None:
    out = console()
    out.print(Text(f"\n{title}", style="bold"))
    out.print(Text(f"{note}."))
    print_table(("figure", "as published", "here", "its range", "difference", "source"), [_as_row(row) for row in rows])
    for reason in dict.fromkeys(_reason(row) for row in rows if row.published.why_different):
        out.print(Text(f"! {reason}"))


def _as_row(row: Comparison) -> tuple[str, ...]:
    label, unit = split_unit(row.published.what.rpartition(".")[2])
    return (
        label,
        row.published.value,
        f"{number(row.planned.expected)} {unit}".rstrip() if row.planned else NOTHING,
        _span(row.planned),
        _difference(row),
        row.published.source,
    )


def _difference(row: Comparison) -> str:
    if row.difference is None:
        return NOTHING
    return f"{row.difference:+.0%}" + (", in range" if row.in_range else "")


def _span(figure: Figure | None) -> str:
    if figure is None or figure.low is None or figure.high is None:
        return ""
    return f"{number(figure.low)} – {number(figure.high)}"


def _reason(row: Comparison) -> str:
    label, _ = split_unit(row.published.what.rpartition(".")[2])
    return f"{label}, {row.published.value}: {row.published.why_different}."
