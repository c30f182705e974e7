"""What breaks first: the plan's weak points in words, the worst first."""

from __future__ import annotations

from rackwright.catalog import SWITCHES, PlaceKind
from rackwright.sizing import fabric
from rackwright.specs.plan import Plan

LONG_RUN_DAYS = 365
"""Days beyond which a run outlives its model's worth: a judgement."""

POOR_GOODPUT = 0.9
"""Goodput that published runs of 10,000 GPUs and more reach (Llama 3, MegaScale)."""

LARGE_BUBBLE = 0.1
"""Part of a step lost to the pipeline's bubble that asks for another batch: a judgement."""

NEARLY_FULL = 0.95
"""Part of a GPU's memory beyond which fragmentation ends runs: a judgement."""

LARGE_BATCH_FACTOR = 1.5
"""How much larger than the published one a batch may be before its effect on learning must be asked: a judgement."""

DAYS_PER_YEAR = 365.25


def warnings(plan: Plan, *, place: PlaceKind, wished_switch: str, published_batch_tokens: int | None) -> list[str]:
    """All weak points of a plan, the worst first."""
    found = [
        *_time(plan),
        *_memory(plan),
        *_batch(plan, published_batch_tokens),
        *_failures(plan),
        *_fabric(plan, wished_switch),
        *_uncertain(plan, place),
    ]
    return [warning for warning in found if warning]


def _time(plan: Plan) -> list[str]:
    days = plan.run.days.expected
    gpus = plan.hosts.training_gpus
    warned = []
    deadline = plan.request.deadline_days
    if deadline is not None and days > deadline:
        warned.append(
            f"The deadline of {deadline:g} days is missed: {gpus:,} GPUs take {days:,.0f} days. "
            "Leave gpus out to learn how many meet it."
        )
    if days > LONG_RUN_DAYS:
        warned.append(
            f"The run takes {days / DAYS_PER_YEAR:.1f} years on {gpus:,} GPUs; at the same efficiency "
            f"{gpus * days / 90:,.0f} GPUs would take 90 days."
        )
    return warned


def _memory(plan: Plan) -> list[str]:
    fullest = max(plan.memory.ranks, key=lambda rank: rank.total_gb)
    if fullest.total_gb <= NEARLY_FULL * plan.memory.capacity_gb.expected:
        return []
    used, there = fullest.total_gb, plan.memory.capacity_gb.expected
    return [f"Memory is nearly full: pipeline rank {fullest.rank}, the fullest, takes {used:.1f} of {there:.1f} GB."]


def _batch(plan: Plan, published_batch_tokens: int | None) -> list[str]:
    warned = []
    bubble = plan.step.pipeline_bubble_s.expected / plan.step.step_s.expected
    if bubble > LARGE_BUBBLE:
        warned.append(
            f"The pipeline's bubble takes {bubble:.0%} of each step: with a batch of "
            f"{plan.parallelism.batch_sequences:,} sequences each of {plan.parallelism.pipeline} ranks has too little "
            f"to do ({plan.parallelism.micro_batches} a pipeline). A larger batch or fewer GPUs would help."
        )
    if published_batch_tokens and plan.run.tokens_per_step > LARGE_BATCH_FACTOR * published_batch_tokens:
        warned.append(
            f"The batch of {plan.run.tokens_per_step:,} tokens is "
            f"{plan.run.tokens_per_step / published_batch_tokens:.1f} times the published one: beyond the critical "
            "batch size it costs tokens instead of saving time. What that size is here is not known."
        )
    if plan.hosts.idle:
        warned.append(f"Hosts that stay idle, because the parallelism doesn't divide them: {plan.hosts.idle:,}.")
    return warned


def _failures(plan: Plan) -> list[str]:
    reached = plan.reliability.goodput.expected
    if reached >= POOR_GOODPUT:
        return []
    hours, minutes = plan.reliability.mean_time_to_failure_h.expected, plan.reliability.restart_s.expected / 60
    cause = f"a failure every {hours:.1f} h against {minutes:.0f} minutes for a restart"
    return [f"Goodput is {reached:.0%}: {cause}. Faster restarts and checkpoints come first."]


def _fabric(plan: Plan, wished_switch: str) -> list[str]:
    if plan.fabric.switch == wished_switch:
        return []
    ports = SWITCHES.entries[wished_switch].ports
    limit = f"Three tiers of the {wished_switch} end at {fabric.largest(ports):,} endpoints"
    return [f"{limit}, {plan.fabric.endpoints:,} are needed: planned with the {plan.fabric.switch} instead."]


def _uncertain(plan: Plan, place: PlaceKind) -> list[str]:
    warned = []
    if plan.model.architecture.experts is not None:
        warned.append("The step time of mixture-of-experts models is not fitted yet: expect it 10-30 % longer.")
    if place.levels_assumed:
        warned.append(f"The sizes of the fabric's domains are assumed ({place.title}): check them on the machine.")
    return warned
