"""`rackwright size list` and `rackwright size reference`: what the catalogue holds."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from rackwright import sizing
from rackwright.catalog import ACCELERATORS, CLUSTERS, GPUS, HOSTS, MODELS, PLACES, SOFTWARE, SWITCHES, ReferenceCluster
from rackwright.cli.catalogue_tables import LISTINGS
from rackwright.cli.outcome import CommandError, ExitCode
from rackwright.cli.output import Json, console, print_json, print_table
from rackwright.cli.plan_table import number, plan_tables, split_unit
from rackwright.sizing.reference import Comparison, comparisons, reference_request
from rackwright.specs.plan import Plan

SHELVES = {
    shelf.file.removesuffix(".yaml"): shelf for shelf in (MODELS, GPUS, HOSTS, SWITCHES, PLACES, SOFTWARE, CLUSTERS)
}
"""What `size list` can show, by the word that asks for it."""


def register(app: typer.Typer) -> None:
    """Add the commands to `rackwright size`."""
    app.command("list", epilog="Example: `rackwright size list models --json`")(list_entries)
    app.command(epilog="Example: `rackwright size reference memphis`; `--list` prints the names, one a line.")(
        reference
    )


def list_entries(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(SHELVES)}.", autocompletion=lambda: list(SHELVES))],
    *,
    as_json: Json = False,
) -> None:
    """List what the catalogue holds of one kind."""
    shelf = SHELVES.get(kind)
    if shelf is None:
        raise CommandError(f"the catalogue has no {kind!r}; it has {', '.join(SHELVES)}.", code=ExitCode.USAGE)
    if as_json:
        entries = {**shelf.entries, **(ACCELERATORS.entries if shelf is GPUS else {})}
        print_json({name: entry.model_dump(mode="json", exclude_none=True) for name, entry in entries.items()})
    elif kind in LISTINGS:
        print_table(*LISTINGS[kind]())
    else:
        print_table(("name", "title"), [(name, entry.title) for name, entry in shelf.entries.items()])


def reference(
    name: Annotated[
        str | None, typer.Argument(help="A reference cluster of the catalogue.", autocompletion=CLUSTERS.names)
    ] = None,
    *,
    list_names: Annotated[bool, typer.Option("--list", help="Print the names, one a line.")] = False,
    as_json: Json = False,
) -> None:
    """Plan a published cluster, and show the plan beside what was published of it."""
    if list_names or name is None:
        typer.echo("\n".join(CLUSTERS.entries))
        return
    cluster = CLUSTERS.get(name, field="reference")
    plan = sizing.plan(reference_request(name))
    if as_json:
        rows = [_as_data(each) for each in comparisons(plan, cluster)]
        print_json(
            {"plan": plan.model_dump(mode="json", by_alias=True), "note": cluster.workload_note, "published": rows}
        )
    else:
        _print_comparison(plan, cluster)


def _as_data(each: Comparison) -> dict[str, object]:
    planned = each.planned.expected if each.planned else None
    return {**each.published.model_dump(mode="json"), "planned": planned, "difference": each.difference}


def _print_comparison(plan: Plan, cluster: ReferenceCluster) -> None:
    out = console()
    out.print(plan_tables(plan))
    out.print(Text(f"\n{cluster.title}: the plan beside what was published", style="bold"))
    out.print(Text(f"{cluster.workload_note}."))
    print_table(
        ("figure", "as published", "the plan", "difference", "source"),
        [_as_row(each) for each in comparisons(plan, cluster)],
    )


def _as_row(each: Comparison) -> tuple[str, ...]:
    label, unit = split_unit(each.published.what)
    return (
        label,
        each.published.value,
        f"{number(each.planned.expected)} {unit}".rstrip() if each.planned else "–",
        f"{each.difference:+.0%}" if each.difference is not None else "–",
        each.published.source,
    )
