"""Writing up a choice as a plan: each subject fills its part."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from rackwright.sizing.figures import exact, stated
from rackwright.sizing.network import fabric
from rackwright.sizing.operation import storage, transfer
from rackwright.sizing.operation.reliability import reliability_plan
from rackwright.sizing.planning import limits
from rackwright.sizing.planning.step_plan import model_flops, run_plan, step_plan
from rackwright.sizing.planning.task import Task
from rackwright.sizing.search.choosing import Choice, described, parallelism_plan, why_slower
from rackwright.sizing.search.searching import Found
from rackwright.sizing.site.cost import Bought, cost_plan
from rackwright.sizing.site.delivery import delivery_plan
from rackwright.sizing.site.power import power_plan
from rackwright.sizing.step import memory, parameters
from rackwright.specs.plan import HostsPlan, MemoryPlan, ModelPlan, Plan, SearchPlan


@dataclass(frozen=True, kw_only=True)
class Sized:
    """Hosts, and what runs on them."""

    hosts: int
    """All of them, the spares included."""
    spares: int
    choice: Choice
    found: Found
    """The search that it came of."""


def write_up(task: Task, sized: Sized) -> Plan:
    """The plan of a choice."""
    layout, machine = sized.choice.layout, task.machine
    training_hosts = ceil(layout.gpus / task.gpus_per_host)
    step = step_plan(task.architecture, layout, machine, sequence_tokens=task.sequence_tokens, figures=task.figures)
    parameter_count = parameters.total(task.architecture)
    request, host = task.request, machine.host
    network = fabric.fabric_plan(request, place=task.place, host=host, hosts=sized.hosts)
    checkpoints = storage.storage_plan(
        storage.Training(
            parameters=parameter_count,
            gpus=layout.gpus,
            replica_writers=layout.tensor * layout.pipeline,
            hosts=training_hosts,
            host=host,
            tokens=request.tokens,
            vocabulary=task.architecture.vocabulary,
            figures=task.figures,
        ),
        terms=request.storage,
    )
    reliable = reliability_plan(
        training_hosts=training_hosts,
        training_gpus=layout.gpus,
        pool_hosts=sized.hosts,
        spare_hosts=sized.spares,
        host=host,
        levels=network.levels,
        storage=checkpoints,
        terms=request.reliability,
        figures=task.figures,
    )
    run = run_plan(
        task.architecture,
        layout,
        machine,
        sequence_tokens=task.sequence_tokens,
        tokens=task.request.tokens,
        step_s=step.step_s,
        goodput=reliable.goodput,
    )
    stored = storage.with_retention(checkpoints, days=run.days, terms=request.storage)
    power = power_plan(
        host=host,
        hosts=sized.hosts,
        fabric=network,
        cooling=task.cooling,
        days=run.days,
        figures=task.figures,
    )
    whole = Plan(
        request=task.request,
        model=_model_plan(task, parameter_count),
        hosts=HostsPlan(
            gpu=task.request.gpu,
            shape=task.shape,
            gpus_per_host=task.gpus_per_host,
            hosts=sized.hosts,
            spares=sized.spares,
            idle=sized.hosts - sized.spares - training_hosts,
            training_gpus=layout.gpus,
        ),
        parallelism=parallelism_plan(sized.choice.layout),
        search=_search_plan(sized),
        memory=_memory_plan(task, sized.choice),
        step=step,
        run=run,
        reliability=reliable,
        fabric=network,
        storage=stored,
        transfer=transfer.transfer_plan(
            transfer.model_bytes(parameter_count),
            transfer.Machine(
                gpu=machine.gpu,
                host=host,
                hosts=sized.hosts,
                levels=network.levels,
                network_efficiency=machine.software.network_efficiency,
                storage_read_gb_s=stored.read_bandwidth_gb_s,
                figures=task.figures,
            ),
        ),
        power=power,
        cost=cost_plan(
            Bought(
                host=host,
                hosts=sized.hosts,
                fabric=network,
                storage=stored,
                power=power,
                days=run.days,
            ),
            terms=request.money,
            figures=task.figures,
        ),
        delivery=delivery_plan(
            run_days=run.days,
            hosts=sized.hosts,
            spares=sized.spares,
            gpus_per_host=task.gpus_per_host,
            fabric=network,
            levels=network.levels,
            terms=request.delivery,
            repairs=request.reliability,
            figures=task.figures,
        ),
        warnings=(),
    )
    warned = limits.warnings(
        whole,
        place=task.place,
        wished_switch=task.request.switch or task.place.switch,
        published_batch_tokens=task.published_batch_tokens,
        figures=task.figures,
    )
    return whole.model_copy(update={"warnings": tuple(warned)})


def _model_plan(task: Task, parameter_count: int) -> ModelPlan:
    architecture = task.architecture
    return ModelPlan(
        name=task.model_name,
        architecture=architecture,
        parameters=exact(parameter_count, formula="sum over the architecture's matrices and norms"),
        active_parameters=exact(
            parameters.active(architecture), formula="parameters without the experts that a token doesn't visit"
        ),
        train_flops_per_token=model_flops(architecture, sequence_tokens=task.sequence_tokens),
    )


def _search_plan(sized: Sized) -> SearchPlan:
    counts, other = sized.found.counts, sized.found.runner_up
    runner_up = parallelism_plan(other.layout) if other else None
    return SearchPlan(
        layouts=counts.valid,
        refused_by_memory=counts.refused_by_memory,
        slower_for_certain=counts.slower_for_certain,
        computed=counts.computed,
        limited_by="",
        runner_up=runner_up,
        more_memory=_more_memory(sized),
        runner_up_lost=f"{described(runner_up)}: {why_slower(sized.choice, other)}" if other and runner_up else "",
    )


def _more_memory(sized: Sized) -> str:
    large = sized.found.too_large
    if large is None:
        return ""
    faster = large.tokens_per_s / sized.choice.tokens_per_s - 1
    return f"{described(parallelism_plan(large.layout))}: {faster:.1%} faster, but takes {large.memory_gb:,.1f} GB"


def _memory_plan(task: Task, choice: Choice) -> MemoryPlan:
    ranks = tuple(
        memory.rank_memories(
            task.architecture, choice.layout, task.machine.software, sequence_tokens=task.sequence_tokens
        )
    )
    fullest = max(ranks, key=lambda rank: rank.total_gb)
    return MemoryPlan(
        ranks=ranks,
        capacity_gb=stated(task.machine.gpu.memory_gb),
        fullest_gb=exact(
            fullest.total_gb,
            formula=f"rank {fullest.rank}: {fullest.weights_and_gradients_gb:.1f} weights and gradients + "
            f"{fullest.optimizer_gb:.1f} optimizer + {fullest.activations_gb:.1f} activations + "
            f"{fullest.overhead_gb:.1f} overhead",
            source="Megatron-LM, theoretical_memory_usage.py",
        ),
        fullest_rank=fullest.rank,
        fits=fullest.total_gb <= task.machine.gpu.memory_gb.expected,
    )
