"""From a request to its plan: the best within all that it limits.

GPUs alone are all used as well as they can be. Budget and power take as many hosts as they allow, since more of them
finish sooner; with a deadline they only cap the hosts, and as few as meet the deadline are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from rackwright.sizing.planning import bisection, refusals
from rackwright.sizing.planning.task import look_up
from rackwright.sizing.planning.trials import Report, Trials, silent
from rackwright.sizing.step import flops
from rackwright.sizing.units import SECONDS_PER_DAY
from rackwright.specs.base import MAX_GPUS
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request


def plan(request: Request, *, report: Report = silent) -> Plan:
    """Size a request; raise `SpecError` where it can't be met."""
    task = look_up(request)
    request = task.request
    trials = Trials(task=task, most_gpus=request.gpus or MAX_GPUS, report=report)
    if request.gpus is not None and request.budget_usd is None and request.power_mw is None:
        return _on_given(trials, request.gpus)
    cap = _cap(trials)
    if request.deadline_days is not None:
        return _by_deadline(trials, cap, request.deadline_days)
    best = trials.quickest(cap.gpus)
    if best is None:
        raise refusals.too_few_gpus(trials, cap.gpus)
    return _limited_by(best, _idle(best, cap.gpus) or cap.reason)


@dataclass(frozen=True, kw_only=True)
class Cap:
    """As many GPUs as a request allows, and what allows no more."""

    gpus: int
    reason: str


def _on_given(trials: Trials, gpus: int) -> Plan:
    best = trials.quickest(gpus, pool=gpus)
    if best is None:
        raise refusals.too_few_gpus(trials, gpus)
    given = f"gpus: {gpus:,} are given"
    deadline = trials.task.request.deadline_days
    if deadline is not None and best.run.days.expected > deadline:
        uncapped = _fewest(Trials(task=trials.task, most_gpus=MAX_GPUS, report=trials.report), MAX_GPUS, deadline)
        raise refusals.missed_deadline(trials, deadline, gpus=gpus, within=given, uncapped=uncapped)
    return _limited_by(best, _idle(best, gpus) or given)


def _idle(best: Plan, gpus: int) -> str:
    """Why not all GPUs train, where some don't."""
    training = best.hosts.training_gpus
    if training + best.hosts.spares * best.hosts.gpus_per_host >= gpus:
        return ""
    return (
        f"batch: {best.parallelism.batch_sequences:,} sequences keep {training:,} GPUs busy; no valid layout of more "
        "of them is done sooner"
    )


def _cap(trials: Trials) -> Cap:
    """The GPUs that budget and power allow."""
    request, host = trials.task.request, trials.task.gpus_per_host
    hosts = ceil(trials.most_gpus / host)
    most = trials.most_gpus

    def affordable(count: int) -> bool:
        found = trials.on(min(count * host, most))
        return found is not None and not refusals.beyond_means(found)

    if request.budget_usd is None and request.power_mw is None:
        return Cap(gpus=most, reason=f"gpus: a job has at most {MAX_GPUS:,}")
    count = bisection.largest(affordable, hosts)
    if count is None:
        raise refusals.beyond_all_means(trials)
    if count == hosts:
        reason = f"gpus: {most:,} are given" if request.gpus else f"gpus: a job has at most {MAX_GPUS:,}"
        return Cap(gpus=most, reason=reason)
    larger = trials.on(min((count + 1) * host, most))
    return Cap(gpus=count * host, reason=refusals.beyond_means(larger) if larger else "")


def _by_deadline(trials: Trials, cap: Cap, days: float) -> Plan:
    best = _fewest(trials, cap.gpus, days)
    if best is None:
        uncapped = _fewest(trials, trials.most_gpus, days) if cap.gpus < trials.most_gpus else None
        raise refusals.missed_deadline(trials, days, gpus=cap.gpus, within=cap.reason, uncapped=uncapped)
    host = trials.task.gpus_per_host
    fewer = best.hosts.training_gpus - host
    if fewer < host or trials.on(fewer) is None:
        return _limited_by(best, "memory: fewer hosts don't hold the model")
    return _limited_by(best, f"deadline_days: with one host fewer the run takes longer than {days:g} days")


def _fewest(trials: Trials, gpus: int, days: float) -> Plan | None:
    """The plan with the fewest hosts that takes at most so many days."""
    task = trials.task
    host, request = task.gpus_per_host, task.request
    per_token = flops.train_flops(task.architecture, sequence_tokens=task.sequence_tokens)
    # No host does more than its peak.
    at_least = per_token * request.tokens / (days * SECONDS_PER_DAY * task.machine.peak_flops * host)
    start = max(1, int(at_least))
    hosts = bisection.least(lambda count: trials.meets(count * host, days), gpus // host, start=start)
    return trials.on(hosts * host) if hosts else None


def _limited_by(best: Plan, reason: str) -> Plan:
    return best.model_copy(update={"search": best.search.model_copy(update={"limited_by": reason})})
