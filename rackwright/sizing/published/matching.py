"""From a run to what the step-time model takes: everything named looked up, and all that is unpublished filled in.

Nothing here knows a run, a model or a source by name: software follows from the cells, architectures from the cells and
the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import GPUS, HOSTS, MODELS, SOFTWARE, Gpu, Host, Model
from rackwright.sizing.planning.task import usual_batch_tokens
from rackwright.sizing.published.architectures import architecture_of
from rackwright.sizing.published.completing import completions, why_none
from rackwright.sizing.published.runs import Run, Unpredictable
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.machine import Machine
from rackwright.specs.architecture import Architecture
from rackwright.specs.documents import SpecError

DEEPEP_RELEASE = (25, 7)
"""First of NVIDIA's releases (year, month) whose mixture-of-experts recipes may use DeepEP: NVIDIA NeMo's performance
scripts, `DeepEPCallback`, pull request 14377 of 2025-08-04; those of 25.05 don't have it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run with all that it names looked up, and the configurations of one kind of software that agree with it."""

    run: Run
    architecture: Architecture
    machine: Machine
    software: str
    """The training software's name in the catalogue."""
    layouts: Layouts
    sequence_tokens: int
    batch: int | None
    """Sequences of one step, as published or as the other cells give them; None where nothing tells."""
    assumed: dict[str, str]
    """What had to be taken that neither the cells nor the catalogue say."""


def match(run: Run) -> list[Case]:
    """Look up and fill in; raise `Unpredictable` for a run that can't be predicted.

    More than one case comes of a run whose blank cells leave the software open.
    """
    name = MODELS.find(run.model)
    model = MODELS.entries[name] if name else None
    architecture = architecture_of(run, model)
    _check_software(run)
    gpu_name, gpu = _gpu(run)
    sequence_tokens = run.sequence_tokens or architecture.sequence_tokens
    batch, tried, assumed = _batch(run, model, sequence_tokens)
    cases = []
    for kind, software in SOFTWARE.entries.items():
        layouts = [
            layout
            for layout in completions(run, architecture, fully_sharded=software.fully_sharded, batch=tried)
            if kind in software_of(run, architecture, tensor=layout.tensor, pipeline=layout.pipeline)
        ]
        if layouts:
            cases.append(
                Case(
                    run=run,
                    architecture=architecture,
                    machine=Machine(
                        gpu=gpu,
                        host=_host(gpu_name),
                        software=software,
                        precision=run.precision,
                        routes_in_turn=software.benchmark_routes_in_turn,
                    ),
                    software=kind,
                    layouts=Layouts.of(layouts),
                    sequence_tokens=sequence_tokens,
                    batch=batch,
                    assumed=assumed,
                )
            )
    if not cases:
        raise Unpredictable(why_none(run, architecture))
    return cases


def software_of(run: Run, architecture: Architecture, *, tensor: int, pipeline: int) -> tuple[str, ...]:
    """The kinds of training software that a run may be of, by its cells, and by its ranks where those are blank.

    Weights that data ranks share are FSDP's. Where that is unpublished, a run that splits no model over tensor and
    pipeline ranks is taken to share them: else it would hold the whole model on each GPU. With experts, the dispatcher
    is open unless the release is older than the recipes that use DeepEP.
    """
    if run.software is not None:
        return (run.software,)
    shared = tensor == pipeline == 1 if run.parameter_shards is None else run.parameter_shards != 0
    if shared:
        return ("fsdp",)
    if architecture.experts is None or (run.release and run.release < DEEPEP_RELEASE):
        return ("megatron",)
    return ("megatron", "megatron-deepep")


def _batch(run: Run, model: Model | None, sequence_tokens: int) -> tuple[int | None, int, dict[str, str]]:
    """The batch as the cells tell it, the one that layouts are made for, and what was assumed."""
    if run.batch is not None:
        return run.batch, run.batch, {}
    if run.step_s is not None and run.tokens_per_s_per_gpu is not None:
        batch = max(1, round(run.step_s * run.tokens_per_s_per_gpu * run.gpus / sequence_tokens))
        return batch, batch, {"gbs": f"{batch} sequences, as step_s and tok_s_gpu give together"}
    usual = max(1, round(((model and model.batch_tokens) or usual_batch_tokens()) / sequence_tokens))
    return None, usual, {"gbs": f"{usual} sequences, the model's published batch or a usual one"}


def _check_software(run: Run) -> None:
    """Whether the cell names software of the catalogue, and such as agrees with the cell of shared weights."""
    if run.software is None:
        return
    if run.software not in SOFTWARE.entries:
        raise Unpredictable(f"software: got {run.software!r}; expected one of {', '.join(SOFTWARE.entries)}, or blank")
    shares = SOFTWARE.entries[run.software].fully_sharded
    if run.parameter_shards is not None and shares != (run.parameter_shards != 0):
        raise Unpredictable(
            f"software: {run.software} shares {'all' if shares else 'no'} weights between data ranks, but fsdp says "
            f"{run.parameter_shards}; correct one, or leave software blank"
        )


def _gpu(run: Run) -> tuple[str, Gpu]:
    try:
        name = GPUS.name(run.gpu, field="gpu")
    except SpecError as error:
        raise Unpredictable(f"gpu: {error.problems[0].expected}; got {run.gpu!r}") from error
    gpu = GPUS.entries[name]
    if run.precision not in gpu.peak_tflops:
        raise Unpredictable(f"precision: {gpu.title} has no {run.precision}")
    return name, gpu


def _host(gpu_name: str) -> Host:
    """The catalogue's first host that carries the GPU."""
    for host in HOSTS.entries.values():
        if host.gpu == gpu_name:
            return host
    raise Unpredictable(f"gpu: the catalogue has no host with {gpu_name}")
