"""From a request to its plan: looks up the catalogue, chooses, and lets each subject fill its part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from rackwright.catalog import GPUS, HOSTS, MODELS, PLACES, SOFTWARE, SWITCHES, PlaceKind
from rackwright.sizing import fabric, limits, memory, parameters, reliability
from rackwright.sizing.choosing import Choice, fastest
from rackwright.sizing.cost import cost_plan
from rackwright.sizing.figures import exact
from rackwright.sizing.parallelism import Layout, layouts
from rackwright.sizing.power import power_plan
from rackwright.sizing.step_plan import model_flops, run_plan, step_plan
from rackwright.sizing.step_time import Machine
from rackwright.sizing.storage import storage_plan
from rackwright.specs.architecture import Architecture
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.plan import HostsPlan, MemoryPlan, ModelPlan, ParallelismPlan, Plan
from rackwright.specs.request import MAX_GPUS, Request

DEFAULT_BATCH_TOKENS = 4_194_304
"""Tokens of a step for models whose batch is not published: 4 Mi, as Llama 2 had (arXiv 2307.09288)."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A request with all that it names looked up."""

    request: Request
    model_name: str
    architecture: Architecture
    published_batch_tokens: int | None
    sequence_tokens: int
    batch: int
    """Sequences of one step, as wished."""
    place: PlaceKind
    shape: str
    machine: Machine

    @property
    def gpus_per_host(self) -> int:
        """GPUs of one host."""
        return self.machine.host.gpus_per_host


@dataclass(frozen=True, kw_only=True)
class Sized:
    """Hosts, and what runs on them."""

    hosts: int
    """All of them, the spares included."""
    spares: int
    choice: Choice


def plan(request: Request) -> Plan:
    """Size a request; raise `SpecError` where it can't be met."""
    task = look_up(request)
    sized = _size(task)
    return _write_up(task, sized)


def look_up(request: Request) -> Task:
    """Find what the request names in the catalogue; raise `SpecError` for what isn't there."""
    model = MODELS.get(request.model, field="model") if isinstance(request.model, str) else None
    architecture = model.architecture if model else request.model
    if isinstance(architecture, str):
        raise TypeError("a model's name was not resolved")
    place = PLACES.get(request.place, field="place")
    gpu = GPUS.get(request.gpu, field="gpu")
    shape = _shape(request, place)
    if request.precision not in gpu.peak_tflops:
        raise _refusal("precision", request.precision, f"a precision of {gpu.title}", "use bf16")
    if request.switch is not None:
        SWITCHES.get(request.switch, field="switch")
    sequence_tokens = request.sequence_tokens or architecture.sequence_tokens
    published = model.batch_tokens if model else None
    return Task(
        request=request,
        model_name=request.model if isinstance(request.model, str) else request.name,
        architecture=architecture,
        published_batch_tokens=published,
        sequence_tokens=sequence_tokens,
        batch=max(1, round((request.batch_tokens or published or DEFAULT_BATCH_TOKENS) / sequence_tokens)),
        place=place,
        shape=shape,
        machine=Machine(
            gpu=gpu,
            host=HOSTS.get(shape, field="place"),
            software=SOFTWARE.get(request.software, field="software"),
            precision=request.precision,
        ),
    )


def _shape(request: Request, place: PlaceKind) -> str:
    if request.gpu in place.shapes:
        return place.shapes[request.gpu]
    there = ", ".join(place.shapes)
    raise _refusal("gpu", request.gpu, f"a GPU that {place.title} has: {there}", "choose one of them or another place")


def _size(task: Task) -> Sized:
    if task.request.gpus is not None:
        sized = _on(task, task.request.gpus)
        if sized is None:
            raise _why_none(task, task.request.gpus)
        return sized
    return _by_deadline(task)


def _why_none(task: Task, gpus: int) -> SpecError:
    """The refusal of a number of GPUs: too few for the model, or too many for the batch."""
    if not any(_layouts(task, gpus)):
        return _refusal(
            "gpus",
            gpus,
            f"GPUs that can share a batch of {task.batch:,} sequences: no split of {task.model_name} gives each of "
            "them work",
            "use fewer GPUs, or a larger batch_tokens",
        )
    return _refusal(
        "gpus",
        gpus,
        f"enough memory for {task.model_name}: no valid split fits into {task.machine.gpu.title}",
        f"give more GPUs: {_number_that_fits(task):,} are enough",
    )


def _layouts(task: Task, gpus: int) -> Iterator[Layout]:
    return layouts(
        task.architecture,
        gpus=gpus,
        gpus_per_host=task.gpus_per_host,
        sequence_tokens=task.sequence_tokens,
        batch=task.batch,
    )


def _on(task: Task, gpus: int) -> Sized | None:
    """The best on that many GPUs; None where nothing fits."""
    hosts = ceil(gpus / task.gpus_per_host)
    rate = reliability.FAILURES_PER_HOST_DAY.expected
    spares = reliability.spares(hosts, per_host_day=rate)
    within = task.request.gpus_include_spares
    usable = gpus - spares * task.gpus_per_host if within else gpus
    choice = fastest(
        task.architecture, task.machine, gpus=usable, sequence_tokens=task.sequence_tokens, batch=task.batch
    )
    if choice is None:
        return None
    return Sized(hosts=hosts if within else hosts + spares, spares=spares, choice=choice)


def _number_that_fits(task: Task) -> int:
    """The least number of GPUs, of those that double from one host on, that some split fits into."""
    gpus = task.gpus_per_host
    while gpus < MAX_GPUS and _on(task, gpus) is None:
        gpus *= 2
    return gpus


def _by_deadline(task: Task) -> Sized:
    """As few hosts as meet the deadline: doubled until it is met, then halved in between."""
    deadline = task.request.deadline_days
    if deadline is None:
        raise TypeError("a request has GPUs or a deadline")
    met, most = None, MAX_GPUS // task.gpus_per_host
    missed, hosts = 0, 1
    while hosts <= most:
        if (sized := _meeting(task, hosts, deadline)) is not None:
            met = sized
            break
        missed, hosts = hosts, hosts * 2
    if met is None:
        raise _refusal(
            "deadline_days",
            deadline,
            f"a deadline that up to {MAX_GPUS:,} GPUs can meet with a batch of {task.batch} sequences",
            "allow more days, or a larger batch_tokens, so that more GPUs can share a step",
        )
    while hosts - missed > 1:
        middle = (hosts + missed) // 2
        if (sized := _meeting(task, middle, deadline)) is not None:
            hosts, met = middle, sized
        else:
            missed = middle
    return met


def _meeting(task: Task, hosts: int, deadline_days: float) -> Sized | None:
    sized = _on(task, hosts * task.gpus_per_host)
    if sized is None:
        return None
    return sized if _write_up(task, sized).run.days.expected <= deadline_days else None


def _write_up(task: Task, sized: Sized) -> Plan:
    """The plan of a choice."""
    layout, machine = sized.choice.layout, task.machine
    training_hosts = ceil(layout.gpus / task.gpus_per_host)
    step = step_plan(task.architecture, layout, machine, sequence_tokens=task.sequence_tokens)
    parameter_count = parameters.total(task.architecture)
    storage = storage_plan(parameters=parameter_count)
    reliable = reliability.reliability_plan(
        training_hosts=training_hosts, spare_hosts=sized.spares, write_s=storage.checkpoint_write_s
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
    wished = task.request.switch or task.place.switch
    switch_name = fabric.large_enough(wished, host=machine.host, hosts=sized.hosts)
    switch = SWITCHES.entries[switch_name]
    tree = fabric.fat_tree(
        endpoints=fabric.endpoints(host=machine.host, hosts=sized.hosts, switch=switch), ports=switch.ports
    )
    power = power_plan(
        host=machine.host,
        hosts=sized.hosts,
        switch=switch,
        tree=tree,
        cooling=task.request.cooling or task.place.cooling,
        days=run.days,
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
        parallelism=_parallelism_plan(sized.choice),
        memory=_memory_plan(task, sized.choice),
        step=step,
        run=run,
        reliability=reliable,
        fabric=fabric.fabric_plan(switch_name=switch_name, switch=switch, host=machine.host, tree=tree),
        storage=storage,
        power=power,
        cost=cost_plan(
            host=machine.host,
            hosts=sized.hosts,
            switch=switch,
            switches=tree.switches,
            days=run.days,
            energy_gwh=power.energy_gwh,
        ),
        warnings=(),
    )
    warned = limits.warnings(
        whole, place=task.place, wished_switch=wished, published_batch_tokens=task.published_batch_tokens
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


def _parallelism_plan(choice: Choice) -> ParallelismPlan:
    layout = choice.layout
    return ParallelismPlan(
        tensor=layout.tensor,
        context=layout.context,
        pipeline=layout.pipeline,
        virtual_pipeline=layout.virtual_pipeline,
        expert=layout.expert,
        data=layout.data,
        micro_batch_sequences=layout.micro_batch,
        micro_batches=layout.micro_batches,
        batch_sequences=layout.batch,
        recompute=layout.recompute,
    )


def _memory_plan(task: Task, choice: Choice) -> MemoryPlan:
    ranks = tuple(
        memory.rank_memory(
            task.architecture,
            choice.layout,
            rank=rank,
            sequence_tokens=task.sequence_tokens,
            overhead_gb=task.machine.software.memory_overhead_gb.expected,
        )
        for rank in range(choice.layout.pipeline)
    )
    fullest = max(ranks, key=lambda rank: rank.total_gb)
    return MemoryPlan(
        ranks=ranks,
        capacity_gb=task.machine.gpu.memory_gb,
        fullest_gb=exact(
            fullest.total_gb,
            formula=f"rank {fullest.rank}: {fullest.weights_and_gradients_gb:.1f} weights and gradients + "
            f"{fullest.optimizer_gb:.1f} optimizer + {fullest.activations_gb:.1f} activations + "
            f"{fullest.overhead_gb:.1f} overhead",
            source="Megatron-LM, theoretical_memory_usage.py",
        ),
        fits=fullest.total_gb <= task.machine.gpu.memory_gb.expected,
    )


def _refusal(field: str, value: object, expected: str, remedy: str) -> SpecError:
    return SpecError("request", [Problem(field=field, value=repr(value), expected=expected, remedy=remedy)])
