"""How one figure of a plan came about."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import typer
from pydantic import BaseModel

from rackwright.cli.output import print_json
from rackwright.cli.sizing.plan_table import number, split_unit
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.plan import Plan

CLOSE = 0.5
"""Likeness, of 1, from which a name is offered in place of a mistyped one."""

OFFERED = 5
"""Names offered at most."""


def figures(plan: BaseModel) -> dict[str, Figure]:
    """All figures of a plan by their path, such as `run.days` or `delivery.phases.racking.ends_days`."""
    return {path: value for path, value in _walk(plan, ()) if isinstance(value, Figure)}


def unknowns(plan: BaseModel) -> dict[str, Unknown]:
    """All that a plan says to be unknown, by its path."""
    return {path: value for path, value in _walk(plan, ()) if isinstance(value, Unknown)}


def explain(plan: Plan, path: str, *, as_json: bool) -> None:
    """Print a figure's formula with the numbers in it, its range and its source; `SpecError` for an unknown path."""
    known: dict[str, Figure | Unknown] = {**figures(plan), **unknowns(plan)}
    if path not in known:
        raise SpecError("options", [_refused(path, known)])
    figure = known[path]
    if as_json:
        print_json(figure.model_dump(mode="json"))
    elif isinstance(figure, Unknown):
        typer.echo(f"{path} is unknown\n  reason   {figure.unknown}")
    else:
        _print(path, figure)


def _print(path: str, figure: Figure) -> None:
    unit = split_unit(path.rsplit(".", maxsplit=1)[-1])[1]
    typer.echo(f"{path} = {number(figure.expected)} {unit}".rstrip())
    if figure.low is not None and figure.high is not None:
        typer.echo(f"  range    {number(figure.low)} – {number(figure.high)} {unit}".rstrip())
    elif figure.exact_because:
        typer.echo(f"  exact    {figure.exact_because}")
    if figure.formula:
        typer.echo(f"  formula  {figure.formula}")
    if figure.source:
        typer.echo(f"  source   {figure.source}{' (assumed)' if figure.assumed else ''}")
    elif figure.assumed:
        typer.echo("  source   follows from assumed figures")


def _refused(path: str, known: dict[str, Figure | Unknown]) -> Problem:
    """The error for a path that isn't there, with the close ones, by the whole path or its last part alone."""
    field = path.rsplit(".", maxsplit=1)[-1]
    close = [
        *(name for name in known if name.rsplit(".", maxsplit=1)[-1] == field),
        *get_close_matches(path, known, n=OFFERED, cutoff=CLOSE),
        *(name for name in known if path and path in name),
    ]
    offered = list(dict.fromkeys(close))[:OFFERED]
    parts = ", ".join(dict.fromkeys(name.split(".", maxsplit=1)[0] for name in known))
    expected = f"the closest are {', '.join(offered)}" if offered else f"none is close; the plan's parts are {parts}"
    return Problem(
        field="explain",
        value=repr(path),
        expected=f"a figure of the plan: {expected}",
        remedy="name one by its path, as in --json",
    )


def _walk(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, Figure | Unknown]]:
    """All figures below a value; those in a list by the name that their entry begins with."""
    if isinstance(value, Figure | Unknown):
        yield ".".join(path), value
    elif isinstance(value, BaseModel):
        for field, each in value:
            yield from _walk(each, (*path, field))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _walk(each, (*path, _name(each) or str(index)))


def _name(entry: object) -> str:
    """The first field of an entry, where it is a name, as a word without spaces."""
    first = next((each for _, each in entry), None) if isinstance(entry, BaseModel) else None
    if not isinstance(first, str):
        return ""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in first.lower()).split())
