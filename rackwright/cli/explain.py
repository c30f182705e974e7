"""How one figure of a plan came about."""

from __future__ import annotations

import typer
from pydantic import BaseModel

from rackwright.cli.output import print_json
from rackwright.cli.plan_table import number, split_unit
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan


def figures(plan: Plan) -> dict[str, Figure]:
    """All figures of a plan by their path, such as `run.days`."""
    return {
        f"{part}.{field}": value
        for part, section in plan
        if isinstance(section, BaseModel)
        for field, value in section
        if isinstance(value, Figure)
    }


def explain(plan: Plan, path: str, *, as_json: bool) -> None:
    """Print a figure's formula with the numbers in it, its range and its source."""
    known = figures(plan)
    if path not in known:
        remedy = "name one of them"
        problem = Problem(field="explain", value=repr(path), expected=f"one of {', '.join(known)}", remedy=remedy)
        raise SpecError("options", [problem])
    figure = known[path]
    if as_json:
        print_json(figure.model_dump(mode="json"))
        return
    unit = split_unit(path)[1]
    typer.echo(f"{path} = {number(figure.expected)} {unit}".rstrip())
    if figure.low is not None and figure.high is not None:
        typer.echo(f"  range    {number(figure.low)} – {number(figure.high)} {unit}".rstrip())
    if figure.formula:
        typer.echo(f"  formula  {figure.formula}")
    if figure.source:
        typer.echo(f"  source   {figure.source}{' (assumed)' if figure.assumed else ''}")
