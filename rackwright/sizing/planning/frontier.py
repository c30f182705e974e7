"""Time against cost: the plans that are worth choosing between.

Each number of hosts of a grid gets its best plan, from the fewest that the model fits on to the most that the request
allows; so do the exact ends that deadline, budget and power set. Plans that another one beats in both days and cost are
left out.
"""

from __future__ import annotations

from math import ceil, sqrt

from rackwright.sizing.planning import refusals
from rackwright.sizing.planning.planning import plan as best_plan
from rackwright.sizing.planning.refusals import beyond_means, spent_usd
from rackwright.sizing.planning.task import look_up
from rackwright.sizing.planning.trials import DAYS_TOLERANCE, Report, Trials, silent
from rackwright.specs.base import MAX_GPUS
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request

RATIO = sqrt(2)
"""Of one number of hosts to the one before."""


def frontier(request: Request, *, report: Report = silent) -> list[Plan]:
    """Plans from the cheapest to the fastest; raise `SpecError` where the request can't be met."""
    task = look_up(request)
    trials = Trials(task=task, most_gpus=request.gpus or MAX_GPUS, report=report)
    fewest = refusals.least_gpus(trials)
    if fewest is None:
        raise refusals.too_few_gpus(trials, trials.most_gpus)
    found = [plan for gpus in _grid(fewest, trials.most_gpus, task.gpus_per_host) if (plan := trials.on(gpus))]
    if request.deadline_days is not None or request.budget_usd is not None or request.power_mw is not None:
        found.append(best_plan(request, report=report))
        found = [plan for plan in found if _within(plan, request)]
    return not_dominated(found)


def not_dominated(plans: list[Plan]) -> list[Plan]:
    """The plans that no other beats in days and cost, by rising cost and falling days.

    A plan that costs more must save more than `DAYS_TOLERANCE` of the days.
    """
    kept: list[Plan] = []
    for plan in sorted(plans, key=lambda plan: (spent_usd(plan), plan.run.days.expected)):
        if not kept or plan.run.days.expected < kept[-1].run.days.expected * (1 - DAYS_TOLERANCE):
            kept.append(plan)
    return kept


def _grid(fewest: int, most: int, host: int) -> list[int]:
    """GPUs in whole hosts, and those below one host that are divisors of it."""
    parts = [gpus for gpus in range(fewest, min(host, most + 1)) if host % gpus == 0]
    hosts = ceil(fewest / host)
    counts = []
    while hosts * host < most:
        counts.append(hosts * host)
        hosts = max(hosts + 1, round(hosts * RATIO))
    return [*parts, *counts, most]


def _within(plan: Plan, request: Request) -> bool:
    deadline = request.deadline_days
    return not beyond_means(plan) and (deadline is None or plan.run.days.expected <= deadline)
