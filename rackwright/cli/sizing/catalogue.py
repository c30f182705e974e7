"""`rackwright size list`: what the catalogue holds."""

from __future__ import annotations

from typing import Annotated

import typer

from rackwright.catalog import (
    ACCELERATORS,
    CLUSTERS,
    FAILURES,
    FIGURES,
    GPUS,
    HOSTS,
    MODELS,
    PLACES,
    SOFTWARE,
    SWITCHES,
)
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.cli.output import Json, print_json, print_table
from rackwright.cli.sizing import references
from rackwright.cli.sizing.catalogue_tables import LISTINGS

SHELVES = {
    shelf.file.removesuffix(".yaml"): shelf
    for shelf in (MODELS, GPUS, HOSTS, SWITCHES, PLACES, SOFTWARE, FIGURES, FAILURES, CLUSTERS)
}
"""What `size list` can show, by the word that asks for it."""


def register(app: typer.Typer) -> None:
    """Add the commands to `rackwright size`."""
    app.command("list", epilog="Example: `rackwright size list models --json`")(list_entries)
    references.register(app)


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
