"""From a run to what the step-time model takes: everything named looked up, and all that is unpublished filled in.

Nothing here knows a run, a model or a source by name: software follows from the cells, architectures from the cells and
the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from pydantic import ValidationError

from rackwright.catalog import GPUS, HOSTS, MODELS, SOFTWARE, Host, Model
from rackwright.sizing import flops, parameters
from rackwright.sizing.layouts import Layouts
from rackwright.sizing.machine import Machine
from rackwright.sizing.parallelism import Layout
from rackwright.sizing.published.runs import Run
from rackwright.sizing.task import DEFAULT_BATCH_TOKENS
from rackwright.specs.architecture import Architecture
from rackwright.specs.documents import SpecError
from rackwright.specs.plan import RECOMPUTES, Recompute

ARCHITECTURE_CELLS = ("layers", "hidden", "ffn", "heads", "kv_heads", "vocabulary", "sequence_tokens")
NEEDED_CELLS = ("layers", "hidden", "heads", "vocabulary", "sequence_tokens")
"""Cells without which an architecture that the catalogue lacks can't be told."""

LARGEST_MICRO_BATCH = 64
"""Sequences of a micro-batch that are tried where it is unpublished."""

LARGEST_SPLIT = 64
"""Ranks that are tried for a dimension that is unpublished."""


class Unpredictable(Exception):  # noqa: N818  # it ends no program: the row is listed with it
    """A run that can't be predicted; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run with all that it names looked up, and the configurations that agree with it."""

    run: Run
    architecture: Architecture
    machine: Machine
    layouts: Layouts
    sequence_tokens: int
    assumed: dict[str, str]
    """What had to be taken that neither the cells nor the catalogue say."""


def match(run: Run) -> Case:
    """Look up and fill in; raise `Unpredictable` for a run that can't be predicted."""
    name = MODELS.find(run.model)
    model = MODELS.entries[name] if name else None
    architecture = _architecture(run, model)
    machine = _machine(run)
    sequence_tokens = run.sequence_tokens or architecture.sequence_tokens
    assumed: dict[str, str] = {}
    batch = run.batch
    if batch is None:
        batch = max(1, round(((model and model.batch_tokens) or DEFAULT_BATCH_TOKENS) / sequence_tokens))
        assumed["gbs"] = f"{batch} sequences, the model's published batch or a usual one"
    layouts = list(_layouts(run, architecture, fully_sharded=machine.software.fully_sharded, batch=batch))
    if not layouts:
        raise Unpredictable(_why_none(run, architecture))
    return Case(
        run=run,
        architecture=architecture,
        machine=machine,
        layouts=Layouts.of(layouts),
        sequence_tokens=sequence_tokens,
        assumed=assumed,
    )


def software_of(run: Run) -> str:
    """The kind of training software, by the run's cells alone.

    Weights that data ranks share are FSDP's. Where that is unpublished, a run that splits no model over tensor and
    pipeline ranks is taken to share them: else it would hold the whole model on each GPU.
    """
    if run.parameter_shards is not None:
        return "fsdp" if run.parameter_shards else "megatron"
    return "fsdp" if (run.tensor or 1) == 1 and (run.pipeline or 1) == 1 else "megatron"


def _machine(run: Run) -> Machine:
    try:
        gpu_name = GPUS.name(run.gpu, field="gpu")
    except SpecError as error:
        raise Unpredictable(f"gpu: {error.problems[0].expected}; got {run.gpu!r}") from error
    gpu = GPUS.entries[gpu_name]
    if run.precision not in gpu.peak_tflops:
        raise Unpredictable(f"precision: {gpu.title} has no {run.precision}")
    return Machine(gpu=gpu, host=_host(gpu_name), software=SOFTWARE.entries[software_of(run)], precision=run.precision)


def _host(gpu_name: str) -> Host:
    """The catalogue's first host that carries the GPU."""
    for host in HOSTS.entries.values():
        if host.gpu == gpu_name:
            return host
    raise Unpredictable(f"gpu: the catalogue has no host with {gpu_name}")


def _architecture(run: Run, model: Model | None) -> Architecture:
    """The catalogue's, with the cells in place of what they contradict; else one of the cells alone."""
    cells = {name: getattr(run, name) for name in ARCHITECTURE_CELLS if getattr(run, name) is not None}
    try:
        if model is None:
            return _from_cells(run, cells)
        known = Architecture.model_validate({**model.architecture.model_dump(), **cells})
    except ValidationError as error:
        detail = error.errors()[0]
        raise Unpredictable(f"{'.'.join(map(str, detail['loc'])) or 'architecture'}: {detail['msg']}") from error
    return _as_published(run, known)


def _from_cells(run: Run, cells: dict[str, int]) -> Architecture:
    if run.kind == "moe":
        raise Unpredictable(f"model: the catalogue has no {run.model!r}, and cells don't tell its experts")
    missing = [name for name in NEEDED_CELLS if name not in cells]
    if missing:
        raise Unpredictable(f"model: the catalogue has no {run.model!r}, and {', '.join(missing)} is blank")
    cells.setdefault("kv_heads", cells["heads"])
    if "ffn" not in cells:
        cells["ffn"] = 4 * cells["hidden"]
    variants = [
        Architecture.model_validate({**cells, "gated": gated, "tied_embeddings": tied})
        for gated, tied in product((True, False), (True, False))
    ]
    published = run.parameters_billion
    if published is None:
        return variants[1]  # gated, with a head of its own: what most models are
    return min(variants, key=lambda each: abs(parameters.total(each) / 1e9 - published))


def _as_published(run: Run, architecture: Architecture) -> Architecture:
    """With multi-token prediction where the run's FLOPs say so; without where nothing does, as that is faster."""
    plain = architecture.model_copy(update={"prediction_layers": 0})
    if not architecture.prediction_layers or run.tflops_per_gpu is None or run.tokens_per_s_per_gpu is None:
        return plain
    each = run.tflops_per_gpu * 1e12 / run.tokens_per_s_per_gpu

    def distance(candidate: Architecture) -> float:
        return min(
            abs(flops.train_flops(candidate, sequence_tokens=candidate.sequence_tokens, full_attention=full) - each)
            for full in (True, False)
        )

    return min((plain, architecture), key=distance)


def _layouts(run: Run, architecture: Architecture, *, fully_sharded: bool, batch: int) -> Iterator[Layout]:
    """All layouts that agree with the run's cells."""
    experts = architecture.experts.count if architecture.experts else 1
    for tensor, pipeline, context in product(
        _tried(run.tensor, divides=architecture.kv_heads),
        _tried(run.pipeline, divides=architecture.layers),
        _tried(run.context, divides=1),
    ):
        if run.gpus % (tensor * pipeline * context):
            continue
        data = run.gpus // (tensor * pipeline * context)
        replicas = data * context
        for expert, expert_tensor in product(_tried(run.expert, divides=experts), {1, tensor} if experts > 1 else {1}):
            if experts % expert or (tensor * replicas) % (expert * expert_tensor):
                continue
            for micro_batch in _micro_batches(run, batch=batch, data=data):
                micro_batches = max(1, round(batch / (data * micro_batch)))
                for chunks, recompute in product(
                    _chunks(run, architecture.layers, pipeline=pipeline, micro_batches=micro_batches), _recomputes(run)
                ):
                    yield Layout(
                        tensor=tensor,
                        context=context,
                        pipeline=pipeline,
                        virtual_pipeline=chunks,
                        expert=expert,
                        expert_tensor=expert_tensor,
                        data=data,
                        parameter_shards=_shards(run, replicas) if fully_sharded else 1,
                        micro_batch=micro_batch,
                        micro_batches=micro_batches,
                        recompute=recompute,
                    )


def _tried(published: int | None, *, divides: int) -> list[int]:
    """The published size alone, or all that divide."""
    return [published] if published else [size for size in range(1, LARGEST_SPLIT + 1) if divides % size == 0]


def _micro_batches(run: Run, *, batch: int, data: int) -> list[int]:
    """Sequences of a micro-batch: as published, or all that share the batch out evenly."""
    if run.micro_batch:
        return [run.micro_batch]
    even = [size for size in range(1, LARGEST_MICRO_BATCH + 1) if batch % (data * size) == 0]
    return even or [1]


def _chunks(run: Run, layers: int, *, pipeline: int, micro_batches: int) -> list[int]:
    """Chunks of a pipeline rank: as published, or all that interleaving allows.

    Layers fall evenly on the chunks, if need be with embedding and head counted as one each.
    """
    if run.virtual_pipeline:
        return [run.virtual_pipeline if pipeline > 1 else 1]
    if pipeline == 1 or micro_batches % pipeline:
        return [1]
    most = (layers + 2) // pipeline
    return [
        chunks
        for chunks in range(1, most + 1)
        if chunks == 1 or layers % (pipeline * chunks) == 0 or (layers + 2) % (pipeline * chunks) == 0
    ]


def _recomputes(run: Run) -> tuple[Recompute, ...]:
    return (run.recompute,) if run.recompute else RECOMPUTES


def _shards(run: Run, replicas: int) -> int:
    """Ranks that share weights: no more than there are."""
    published = run.parameter_shards
    return min(published, replicas) if published and published > 0 else replicas


def _why_none(run: Run, architecture: Architecture) -> str:
    """Why no layout agrees with the cells."""
    group = (run.tensor or 1) * (run.pipeline or 1) * (run.context or 1)
    if run.gpus % group:
        return f"gpus: {run.gpus} is no multiple of tp × pp × cp = {group}"
    experts = architecture.experts.count if architecture.experts else 1
    if run.expert and experts % run.expert:
        return f"ep: {run.expert} doesn't divide the {experts} experts"
    if run.expert:
        return f"ep: {run.expert} ranks can't be taken from {run.gpus // (run.pipeline or 1)} GPUs of a pipeline rank"
    return "no layout agrees with all of its cells"
