"""What breaks first: the plan's weak points in words, the worst first.

Each has a severity: the part of time, money or tokens that it costs or puts at risk; 1 and more where a goal is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.catalog import HOSTS, SOFTWARE, PlaceKind
from rackwright.sizing.figures import PlanningFigures
from rackwright.sizing.network import fabric
from rackwright.sizing.operation.storage import repeated_read_s
from rackwright.sizing.units import DAYS_PER_YEAR, SECONDS_PER_HOUR
from rackwright.specs.plan import Plan
from rackwright.specs.terms import DeliveryTerms

LONG_RUN_DAYS = 365
"""Days beyond which a run outlives its model's worth: a judgement."""

NO_GOODPUT = 0.01
"""Goodput below which a run makes no headway to speak of: a judgement."""

LARGE_DISPATCH = 0.05
"""Part of a step in which tokens only travel to experts that asks for another dispatcher: a judgement."""

LARGE_BUBBLE = 0.1
"""Part of a step lost to the pipeline's bubble that asks for another batch: a judgement."""

NEARLY_FULL = 0.95
"""Part of a GPU's memory beyond which fragmentation ends runs: a judgement."""

LARGE_BATCH_FACTOR = 1.5
"""How much larger than the published one a batch may be before its effect on learning must be asked: a judgement."""

LARGE_STALL = 0.05
"""Part of the time spent on checkpoints that asks for faster ones: a judgement."""

REPEATED_READ_PART = 0.02
"""Part of the time between failures that reading weights more than once may take: a judgement."""

RISK = 0.08
"""Severity of what ends or slows runs, but not surely. A judgement."""

NOT_CHECKED = 0.01
"""Severity of what is only assumed."""


@dataclass(frozen=True, kw_only=True)
class Weakness:
    """One weak point."""

    severity: float
    text: str


def warnings(
    plan: Plan,
    *,
    place: PlaceKind,
    wished_switch: str,
    published_batch_tokens: int | None,
    figures: PlanningFigures,
) -> list[str]:
    """All weak points of a plan in words, the worst first."""
    found = weaknesses(
        plan,
        place=place,
        wished_switch=wished_switch,
        published_batch_tokens=published_batch_tokens,
        figures=figures,
    )
    return [weakness.text for weakness in found]


def weaknesses(
    plan: Plan,
    *,
    place: PlaceKind,
    wished_switch: str,
    published_batch_tokens: int | None,
    figures: PlanningFigures,
) -> list[Weakness]:
    """All weak points of a plan, the worst first."""
    found = [
        *_time(plan),
        *_memory(plan),
        *_dispatch(plan),
        *_batch(plan, published_batch_tokens),
        *_failures(plan, good_goodput=figures["good_goodput"].expected),
        *_storage(plan, largest_gb_s=figures["largest_storage_gb_s"].expected),
        *_site(plan, figures),
        *_delivery(plan),
        *_fabric(plan, wished_switch),
        *_oracle(plan, pool_hosts=figures["oracle_pool_hosts"].expected),
        *_uncertain(plan, place, fitted_gpus=figures["fitted_gpus"].expected),
    ]
    return sorted(found, key=lambda weakness: -weakness.severity)


def _time(plan: Plan) -> Iterator[Weakness]:
    days = plan.run.days.expected
    gpus = plan.hosts.training_gpus
    if plan.reliability.goodput.expected < NO_GOODPUT:
        failing, restart = plan.reliability.mean_time_to_failure_h.expected, plan.reliability.restart_s.expected
        yield Weakness(
            severity=float("inf"),
            text=f"The run makes no headway: failures come every {failing * SECONDS_PER_HOUR:,.0f} s, a restart takes "
            f"{restart:,.0f} s. Use fewer GPUs, or check reliability.failures_per_host_day, reliability.restart_s and "
            "the storage's bandwidth.",
        )
    elif days > LONG_RUN_DAYS:
        yield Weakness(
            severity=days / LONG_RUN_DAYS,
            text=f"The run takes {days / DAYS_PER_YEAR:.1f} years on {gpus:,} GPUs; at the same efficiency "
            f"{gpus * days / 90:,.0f} GPUs would take 90 days.",
        )


def _memory(plan: Plan) -> Iterator[Weakness]:
    fullest = max(plan.memory.ranks, key=lambda rank: rank.total_gb)
    used, there = fullest.total_gb, plan.memory.capacity_gb.expected
    if used > NEARLY_FULL * there:
        yield Weakness(
            severity=RISK,
            text=f"Memory is nearly full: pipeline rank {fullest.rank}, the fullest, takes {used:.1f} of "
            f"{there:.1f} GB.",
        )


def _dispatch(plan: Plan) -> Iterator[Weakness]:
    travelling = plan.step.expert_communication_s.expected / plan.step.step_s.expected
    software = SOFTWARE.entries[plan.request.software]
    if travelling > LARGE_DISPATCH and not software.expert_copies_merged:
        yield Weakness(
            severity=travelling,
            text=f"Tokens travel to and from experts for {travelling:.0%} of each step, each of their copies on its "
            "own. DeepEP's dispatcher sends one copy for all experts of a host, so that experts can also stand on more "
            "hosts: plan with software: megatron-deepep, if your image has DeepEP.",
        )


def _batch(plan: Plan, published_batch_tokens: int | None) -> Iterator[Weakness]:
    bubble = plan.step.pipeline_bubble_s.expected / plan.step.step_s.expected
    if bubble > LARGE_BUBBLE:
        yield Weakness(
            severity=bubble,
            text=f"The pipeline's bubble takes {bubble:.0%} of each step: with a batch of "
            f"{plan.parallelism.batch_sequences:,} sequences each of {plan.parallelism.pipeline} ranks has too little "
            f"to do ({plan.parallelism.micro_batches} a pipeline). A larger batch or fewer GPUs would help.",
        )
    if published_batch_tokens and plan.run.tokens_per_step > LARGE_BATCH_FACTOR * published_batch_tokens:
        yield Weakness(
            severity=1 - published_batch_tokens / plan.run.tokens_per_step,
            text=f"The batch of {plan.run.tokens_per_step:,} tokens is "
            f"{plan.run.tokens_per_step / published_batch_tokens:.1f} times the published one: beyond the critical "
            "batch size it costs tokens instead of saving time. What that size is here is not known.",
        )
    if plan.hosts.idle:
        yield Weakness(
            severity=plan.hosts.idle / plan.hosts.hosts,
            text=f"Hosts that stay idle, because no valid layout gains by them: {plan.hosts.idle:,}.",
        )


def _failures(plan: Plan, *, good_goodput: float) -> Iterator[Weakness]:
    reliability = plan.reliability
    reached = reliability.goodput.expected
    if NO_GOODPUT <= reached < good_goodput:
        hours, minutes = reliability.mean_time_to_failure_h.expected, reliability.restart_s.expected / 60
        yield Weakness(
            severity=1 - reached,
            text=f"Goodput is {reached:.0%}: a failure every {hours:.1f} h, {minutes:.0f} minutes for a restart"
            f"{_slowest_part(plan)}. Faster restarts and checkpoints come first; it would fall to one half on "
            f"{reliability.half_goodput_hosts.expected:,.0f} hosts.",
        )
    stall, interval = plan.storage.checkpoint_stall_s.expected, reliability.checkpoint_interval_s.expected
    lost = stall / (stall + interval)
    if lost > LARGE_STALL:
        yield Weakness(
            severity=lost,
            text=f"Checkpoints stop the training for {lost:.0%} of the time ({stall:.0f} s every {interval:.0f} s): "
            "write them in the background (storage.checkpoints: async).",
        )


def _slowest_part(plan: Plan) -> str:
    """What takes most of a restart, in words; nothing where the request gives the whole."""
    if plan.request.reliability.restart_s is not None:
        return ""
    reliability = plan.reliability
    slowest, part = max(
        ("detection", reliability.detection_s),
        ("start", reliability.start_s),
        ("the meeting of all ranks", reliability.group_initialisation_s),
        ("reading the checkpoint", plan.storage.checkpoint_read_s),
        key=lambda each: each[1].expected,
    )
    return f", most of them for {slowest} ({part.expected:,.0f} s)"


def _storage(plan: Plan, *, largest_gb_s: float) -> Iterator[Weakness]:
    rate = plan.storage.write_bandwidth_gb_s.expected
    if rate > largest_gb_s:
        yield Weakness(
            severity=1 - largest_gb_s / rate,
            text=f"Checkpoints ask {rate:,.0f} GB/s of the storage; the fastest published gives "
            f"{largest_gb_s:,.0f} GB/s (Meta). Allow them more time (storage.stall_budget_s).",
        )
    replicas = plan.parallelism.data
    repeated_s = repeated_read_s(plan.storage, parameters=plan.model.parameters.expected, replicas=replicas)
    part = repeated_s / (plan.reliability.mean_time_to_failure_h.expected * SECONDS_PER_HOUR)
    if replicas > 1 and part > REPEATED_READ_PART:
        yield Weakness(
            # job.yaml avoids it already, so it is a caution.
            severity=RISK * min(part, 1),
            text=f"Were each of the {replicas:,} data-parallel replicas to read all weights after a failure, it would "
            f"take {repeated_s:,.0f} s instead of {plan.storage.checkpoint_read_s.expected:,.0f} s: keep Megatron-LM's "
            "--ckpt-fully-parallel-load.",
        )


def _site(plan: Plan, figures: PlanningFigures) -> Iterator[Weakness]:
    largest_mw, tested_nodes = figures["largest_site_mw"].expected, figures["tested_nodes"].expected
    power = plan.power.facility_mw.expected
    if power > largest_mw:
        yield Weakness(
            severity=1 - largest_mw / power,
            text=f"The site takes {power:,.0f} MW; the largest published for one cluster of H100s has "
            f"{largest_mw:g} MW (Memphis) and needed its own substation.",
        )
    if plan.hosts.hosts > tested_nodes:
        yield Weakness(
            severity=NOT_CHECKED * plan.hosts.hosts / tested_nodes,
            text=f"{plan.hosts.hosts:,} hosts are more than the {tested_nodes:,.0f} nodes that Kubernetes documents "
            "for a cluster: rehearse at this size, and size the control plane for it.",
        )


def _delivery(plan: Plan) -> Iterator[Weakness]:
    """Only where the request says something of the delivery: rented hosts are there already."""
    if plan.request.delivery == DeliveryTerms():
        return
    whole, run = plan.delivery.all_gpus_train_days.expected, plan.run.days.expected
    if whole > run:
        yield Weakness(
            severity=1 - run / whole,
            text=f"All GPUs train {whole:,.0f} days after the order, which is longer than the run of {run:,.0f} days; "
            f"{plan.delivery.limited_by} takes most of it. The first {plan.delivery.first_gpus:,} GPUs train after "
            f"{plan.delivery.first_gpus_train_days.expected:,.0f} days.",
        )


def _fabric(plan: Plan, wished_switch: str) -> Iterator[Weakness]:
    if plan.fabric.switch == wished_switch:
        return
    most = fabric.most_hosts(wished_switch, host=HOSTS.entries[plan.hosts.shape], terms=plan.request.fabric)
    limit = f"Three tiers of the {wished_switch} end at {most:,} hosts"
    yield Weakness(
        severity=1 - most / plan.hosts.hosts,
        text=f"{limit}, {plan.hosts.hosts:,} are needed: planned with the {plan.fabric.switch} instead.",
    )


def _oracle(plan: Plan, *, pool_hosts: float) -> Iterator[Weakness]:
    if plan.request.place == "oracle" and plan.hosts.hosts > pool_hosts:
        yield Weakness(
            severity=RISK / 2,
            text=f"{plan.hosts.hosts:,} hosts stand in one cluster network; of node pools Oracle advises four of "
            f"{pool_hosts:g} rather than two of 1,000, and the most that a cluster network or a cluster may have "
            "is not verified: ask Oracle for both, and for the shape's quota, before anything is ordered.",
        )


def _uncertain(plan: Plan, place: PlaceKind, *, fitted_gpus: float) -> Iterator[Weakness]:
    gpus = plan.hosts.training_gpus
    if gpus > fitted_gpus:
        yield Weakness(
            severity=NOT_CHECKED,
            text=f"The step time was fitted to runs of up to {fitted_gpus:,.0f} GPUs; beyond, it may take longer than "
            f"expected: up to {plan.step.step_s.high or plan.step.step_s.expected:.3g} s on {gpus:,}.",
        )
    if plan.reliability.failures_per_host_day.assumed:
        yield Weakness(
            severity=NOT_CHECKED,
            text=f"No failure rate of {plan.hosts.gpu} is published: those of other GPUs stand in. Give "
            "reliability.failures_per_host_day once you have your own.",
        )
    if plan.fabric.levels_assumed:
        yield Weakness(
            severity=NOT_CHECKED,
            text=f"The sizes of the fabric's domains are assumed ({place.title}): check them on the machine.",
        )
