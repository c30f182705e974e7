"""`rackwright size frontier`: what more GPUs cost, and what they save in days."""

from __future__ import annotations

import typer

from rackwright.cli.output import Json, print_json, print_table
from rackwright.cli.progress import progress
from rackwright.cli.sizing import requests
from rackwright.cli.sizing.plan_table import number
from rackwright.sizing.planning.frontier import frontier as plans_of
from rackwright.sizing.planning.refusals import shown_days, spent_usd
from rackwright.sizing.search.choosing import described
from rackwright.specs.base import MAX_GPUS
from rackwright.specs.plan import Plan


def register(app: typer.Typer) -> None:
    """Add the command to `rackwright size`."""
    app.command(
        epilog="Example: `rackwright size frontier --model llama-3-8b --tokens 15e12 --budget-usd 5e6`. Without "
        f"limits, up to {MAX_GPUS:,} GPUs."
    )(frontier)


def frontier(
    *,
    model: requests.Model = None,
    tokens: requests.Tokens = None,
    gpus: requests.GivenGpus = None,
    deadline_days: requests.DeadlineDays = None,
    budget_usd: requests.BudgetUsd = None,
    power_mw: requests.PowerMw = None,
    request: requests.RequestFile = None,
    gpu: requests.Gpu = None,
    precision: requests.Precision = None,
    batch_tokens: requests.BatchTokens = None,
    sequence_tokens: requests.SequenceTokens = None,
    place: requests.Place = None,
    setting: requests.Setting = None,
    as_json: Json = False,
) -> None:
    """List the plans that are worth choosing between, from the cheapest to the fastest."""
    given = {
        "model": model,
        "tokens": tokens,
        "gpus": gpus,
        "deadline_days": deadline_days,
        "budget_usd": budget_usd,
        "power_mw": power_mw,
        "gpu": gpu,
        "precision": precision,
        "batch_tokens": batch_tokens,
        "sequence_tokens": sequence_tokens,
        "place": place,
    }
    limits = (gpus, deadline_days, budget_usd, power_mw, request)
    if all(limit is None for limit in limits):
        given["gpus"] = MAX_GPUS
    with progress("Searching") as report:
        plans = plans_of(requests.request(request, given, setting), report=report)
    if as_json:
        print_json([_as_data(plan) for plan in plans])
    else:
        print_table(("GPUs", "hosts", "days", "USD", "MW", "MFU", "goodput", "layout"), map(_as_row, plans))


def _as_data(plan: Plan) -> dict[str, object]:
    return {
        "gpus": plan.hosts.training_gpus,
        "hosts": plan.hosts.hosts,
        "days": plan.run.days.expected,
        "usd": spent_usd(plan),
        "facility_mw": plan.power.facility_mw.expected,
        "mfu": plan.run.mfu.expected,
        "goodput": plan.reliability.goodput.expected,
        "parallelism": plan.parallelism.model_dump(mode="json"),
    }


def _as_row(plan: Plan) -> tuple[str, ...]:
    return (
        f"{plan.hosts.training_gpus:,}",
        f"{plan.hosts.hosts:,}",
        shown_days(plan.run.days.expected),
        number(spent_usd(plan)),
        number(plan.power.facility_mw.expected),
        f"{plan.run.mfu.expected:.1%}",
        f"{plan.reliability.goodput.expected:.1%}",
        described(plan.parallelism),
    )
