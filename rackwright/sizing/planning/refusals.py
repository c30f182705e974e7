"""Requests that can't be met: why, and what would help, with the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor, log10

from rackwright.sizing.planning.bisection import least
from rackwright.sizing.planning.critical_batch import known_to_work_tokens
from rackwright.sizing.planning.task import look_up
from rackwright.sizing.planning.trials import Trials
from rackwright.specs.base import MAX_GPUS
from rackwright.specs.documents import SpecError
from rackwright.specs.plan import Plan
from rackwright.specs.request import refusal

OWN_PLACE = "existing"
"""The kind of place whose machines are one's own."""

LARGER_BATCHES = (2, 4, 16)
"""Times the batch that is tried when a deadline can't be met."""

NOTEWORTHY = 0.02
"""Part of a step from which a loss is named: a judgement."""


def too_few_gpus(trials: Trials, gpus: int) -> SpecError:
    """The model's state doesn't fit into the memory of so many GPUs."""
    task = trials.task
    enough = least_gpus(Trials(task=task, most_gpus=MAX_GPUS, report=trials.report))
    if enough is None:
        remedy = f"use a GPU with more memory or shorter sequences: {MAX_GPUS:,} GPUs are too few as well"
    else:
        remedy = f"give more GPUs: {enough:,} are enough"
    return refusal(
        field="gpus",
        value=gpus,
        expected=f"enough memory for {task.model_name}: no valid split fits into {task.machine.gpu.title}",
        remedy=remedy,
    )


def least_gpus(trials: Trials) -> int | None:
    """The least number of GPUs that the model fits on; None where all are too few."""
    host = trials.task.gpus_per_host
    part = least(lambda gpus: trials.on(gpus) is not None, min(host, trials.most_gpus))
    if part is not None:
        return part
    hosts = least(lambda count: trials.on(count * host) is not None, trials.most_gpus // host)
    return hosts and hosts * host


def spent_usd(plan: Plan) -> float:
    """What the run costs: rent, or with one's own machines its share of owning them."""
    cost = plan.cost.owned_usd if plan.request.place == OWN_PLACE else plan.cost.rent_usd
    return cost.expected


def beyond_means(plan: Plan) -> str:
    """Which of budget and power a plan exceeds, in words; empty if none."""
    request, power = plan.request, plan.power.facility_mw.expected
    on = f"{plan.hosts.training_gpus:,} GPUs would take"
    if request.power_mw is not None and power > request.power_mw:
        return f"power_mw: {on} {power:,.3g} MW"
    if request.budget_usd is not None and spent_usd(plan) > request.budget_usd:
        return f"budget_usd: {on} {spent_usd(plan):,.0f} USD"
    return ""


def beyond_all_means(trials: Trials) -> SpecError:
    """No number of GPUs, of those tried, stays within budget and power."""
    plans, request = trials.made, trials.task.request
    if not plans:
        return too_few_gpus(trials, trials.most_gpus)
    smallest = min(plans, key=lambda plan: plan.power.facility_mw.expected)
    power = smallest.power.facility_mw.expected
    if request.power_mw is not None and power > request.power_mw:
        return refusal(
            field="power_mw",
            value=request.power_mw,
            expected=f"{power:,.3g} MW or more, the least that the hosts for "
            f"{trials.task.model_name} take, spares and fabric included",
            remedy=f"allow {power:,.3g} MW, or train a smaller model",
        )
    cheapest = min(plans, key=spent_usd)
    cost = spent_usd(cheapest)
    together = " within the power" if request.power_mw is not None else ""
    return refusal(
        field="budget_usd",
        value=request.budget_usd,
        expected=f"{cost:,.0f} USD or more, which the cheapest plan{together} takes: "
        f"{cheapest.hosts.training_gpus:,} GPUs for {shown_days(cheapest.run.days.expected)} days",
        remedy="; or ".join([f"allow {cost:,.0f} USD", *_cheaper(trials, cheapest)]),
    )


def _cheaper(trials: Trials, cheapest: Plan) -> Iterator[str]:
    gpus = cheapest.hosts.training_gpus
    other = _in_fp8(trials)
    plan = other.on(gpus) if other else None
    if plan is not None:
        yield f"precision: fp8 takes {spent_usd(plan):,.0f} USD"
    affordable = (trials.task.request.budget_usd or 0) / spent_usd(cheapest) * trials.task.request.tokens
    yield f"train on fewer tokens: the budget is enough for about {affordable:.2g}"


def missed_deadline(trials: Trials, days: float, *, gpus: int, within: str, uncapped: Plan | None = None) -> SpecError:
    """No number of GPUs up to `gpus` is fast enough.

    `within` says what allows no more of them, `uncapped` is the plan that meets the deadline with more.
    """
    best = trials.quickest(gpus)
    if best is None:
        return too_few_gpus(trials, gpus)
    return refusal(
        field="deadline_days",
        value=days,
        expected=f"{shown_days(best.run.days.expected)} days or more, which {best.hosts.training_gpus:,} GPUs take "
        f"({'; '.join(_losses(best, within))})",
        remedy="; or ".join(_what_would_help(trials, days, best=best, gpus=gpus, uncapped=uncapped)),
    )


def shown_days(days: float) -> str:
    """Days with three digits, rounded up so that they suffice."""
    decimals = max(0, 2 - floor(log10(days))) if days > 0 else 0
    return f"{ceil(days * 10**decimals) / 10**decimals:,.{decimals}f}"


def _losses(plan: Plan, within: str) -> Iterator[str]:
    split, step = plan.parallelism, plan.step
    whole = step.step_s.expected
    yield within
    yield (
        f"a batch of {split.batch_sequences:,} sequences leaves {split.micro_batches:,} micro-batches of "
        f"{split.micro_batch_sequences:,} for each of {split.data:,} data ranks"
    )
    communication = sum(
        each.expected
        for each in (
            step.tensor_communication_s,
            step.context_communication_s,
            step.expert_communication_s,
            step.pipeline_communication_s,
            step.data_communication_s,
        )
    )
    parts = {
        "the pipeline's bubble": step.pipeline_bubble_s.expected / whole,
        "communication": communication / whole,
    }
    named = [f"{name} takes {part:.0%} of a step" for name, part in parts.items() if part >= NOTEWORTHY]
    yield from named
    goodput = plan.reliability.goodput.expected
    if 1 - goodput >= NOTEWORTHY:
        yield f"goodput is {goodput:.0%} on {plan.hosts.hosts:,} hosts"


def _what_would_help(trials: Trials, days: float, *, best: Plan, gpus: int, uncapped: Plan | None) -> Iterator[str]:
    yield f"allow {shown_days(best.run.days.expected)} days"
    if uncapped is not None:
        yield (
            f"take {uncapped.hosts.training_gpus:,} GPUs, which meet it with {spent_usd(uncapped):,.0f} USD and "
            f"{uncapped.power.facility_mw.expected:,.3g} MW"
        )
        return
    task, training = trials.task, best.hosts.training_gpus
    for times in LARGER_BATCHES:
        tokens = times * task.batch * task.sequence_tokens
        plan = _other(trials, batch_tokens=tokens).on(min(gpus, training * times))
        if plan is not None and (plan.run.days.expected <= days or times == LARGER_BATCHES[-1]):
            known = known_to_work_tokens(plan.request.tokens, task.figures).expected
            yield _larger_batch(plan, tokens, known=known, met=plan.run.days.expected <= days)
            break
    other = _in_fp8(trials)
    plan = other.on(training) if other else None
    if plan is not None:
        yield f"precision: fp8 takes {shown_days(plan.run.days.expected)} days"


def _larger_batch(plan: Plan, tokens: int, *, known: float, met: bool) -> str:
    doubt = (
        f"up to {known:,.3g} tokens are known to work for such a run"
        if tokens <= known
        else f"more than the {known:,.3g} tokens that are known to work for such a run: beyond the critical batch "
        "size it costs tokens instead of saving time"
    )
    result = "takes" if met else "still takes"
    return (
        f"batch_tokens: {tokens} {result} {shown_days(plan.run.days.expected)} days on "
        f"{plan.hosts.training_gpus:,} GPUs ({doubt})"
    )


def _in_fp8(trials: Trials) -> Trials | None:
    """The same task in FP8, where that is another and the GPU has it."""
    task = trials.task
    if task.request.precision == "fp8" or "fp8" not in task.machine.gpu.peak_tflops:
        return None
    return _other(trials, precision="fp8")


def _other(trials: Trials, **changes: object) -> Trials:
    request = trials.task.request.model_copy(update=changes)
    return Trials(task=look_up(request), most_gpus=trials.most_gpus, report=trials.report)
