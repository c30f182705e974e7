"""The step's and the run's part of a plan, with ranges from the training software's constants."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log2

from rackwright.catalog import Software
from rackwright.sizing.figures import PlanningFigures, computed, exact
from rackwright.sizing.step import flops
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.parallelism import Layout
from rackwright.sizing.step.step_time import StepTimes, step_times
from rackwright.sizing.units import SECONDS_PER_DAY
from rackwright.specs.architecture import Architecture
from rackwright.specs.figure import Figure
from rackwright.specs.plan import RunPlan, StepPlan

SOURCE = "sizing/step/step_time.py; efficiencies and overlaps: catalogue, software.yaml"

SLOWER_WHEN_HIGHER = frozenset(
    {
        "product_traffic",
        "recomputed_attention_part",
        "narrow_head_exponent",
        "hop_s",
        "data_interference",
        "straggler_part",
        "layer_overhead_s",
        "expert_imbalance",
        "expert_overhead_s",
        "expert_product_s",
    }
)
"""Constants of the training software whose high end means a longer step; of all others it means a shorter one."""


NOTHING_HIDDEN = {
    "tensor_overlap": Figure(expected=0.0),
    "context_overlap": Figure(expected=0.0),
    "pipeline_overlap": Figure(expected=0.0),
    "data_interference": Figure(expected=1.0),
}
"""The constants with which all communication is exposed: what is hidden is the difference."""


def step_plan(
    architecture: Architecture, layout: Layout, machine: Machine, *, sequence_tokens: int, figures: PlanningFigures
) -> StepPlan:
    """The parts of a step: expected, and with all of the software's constants at their slow or fast ends.

    The whole step's range is narrower than that of its parts together: it is the error of this model on published runs
    that its constants were not fitted to.
    """
    layouts = Layouts.of([layout])
    expected, slow, fast, open_ = (
        step_times(architecture, layouts, replace(machine, software=software), sequence_tokens=sequence_tokens)
        for software in (
            machine.software,
            _at_end(machine.software, slow=True),
            _at_end(machine.software, slow=False),
            machine.software.model_copy(update=NOTHING_HIDDEN),
        )
    )

    def part(name: str, formula: str) -> Figure:
        value, one, other = (float(getattr(times, name)[0]) for times in (expected, slow, fast))
        return Figure(
            expected=value, low=min(one, other, value), high=max(one, other, value), formula=formula, source=SOURCE
        )

    def hidden(name: str, behind: str) -> Figure:
        exposed, most, least, whole = (float(getattr(times, name)[0]) for times in (expected, slow, fast, open_))
        value = max(0.0, whole - exposed)
        return Figure(
            expected=value,
            low=min(value, max(0.0, whole - most)),
            high=max(value, whole - least),
            formula=f"{whole:.4g} s of messages − {exposed:.4g} s exposed; hidden behind {behind}",
            source=SOURCE,
        )

    each = f"{layout.micro_batches} micro-batches on the slowest pipeline rank"
    return StepPlan(
        matrix_s=part("matrix_s", f"matrix FLOPs of {each} / {machine.matrix_flops:.4g} FLOP/s, and their traffic"),
        attention_s=part("attention_s", f"causal attention FLOPs of {each} / {machine.attention_flops:.3g} FLOP/s"),
        elementwise_s=part("elementwise_s", f"memory traffic of {each} / {machine.memory_bytes_per_s:.3g} B/s"),
        overhead_s=part("overhead_s", f"launching the kernels of {each}, layer by layer"),
        tensor_communication_s=part("tensor_s", f"exposed part, {layout.tensor} ranks over NVLink, {each}"),
        context_communication_s=part("context_s", f"what attention doesn't hide, {layout.context} ranks, {each}"),
        expert_communication_s=part("expert_s", f"exposed all-to-alls, {layout.expert} ranks, {each}"),
        pipeline_communication_s=part("pipeline_s", f"exposed transfers between {layout.pipeline} ranks, {each}"),
        pipeline_bubble_s=part(
            "bubble_s",
            f"(one micro-batch on all {layout.pipeline} ranks − on the slowest) / {layout.virtual_pipeline} chunks",
        ),
        data_communication_s=part("data_s", f"exposed part, {layout.data} data × {layout.context} context ranks"),
        optimizer_s=part("optimizer_s", "memory traffic of the optimizer's shard"),
        straggler_s=part("straggler_s", f"waiting for the slowest of {layout.gpus:,} GPUs: grows with √ln(hosts)"),
        tensor_communication_hidden_s=hidden("tensor_s", "matrix work"),
        context_communication_hidden_s=hidden("context_s", "attention"),
        pipeline_communication_hidden_s=hidden("pipeline_s", "other chunks' work"),
        data_communication_hidden_s=hidden("data_s", "forward and backward pass"),
        step_s=_whole(expected, architecture, layout, machine.software, figures),
    )


def _whole(
    times: StepTimes, architecture: Architecture, layout: Layout, software: Software, figures: PlanningFigures
) -> Figure:
    value = float(times.total_s[0])
    error = software.step_error["expert" if architecture.experts else "dense"]
    doublings = max(0.0, log2(layout.gpus / figures["fitted_gpus"].expected))
    beyond = figures["error_per_doubling"].expected * doublings
    scale = f", +{beyond:.0%} for {layout.gpus:,} GPUs, which the fit has not seen" if beyond else ""
    return Figure(
        expected=value,
        low=value / (1 + error.expected),
        high=value * (1 + error.expected + beyond),
        formula=f"sum of the parts; ±{error.expected:.0%}{scale}",
        source=error.source,
    )


def run_plan(
    architecture: Architecture,
    layout: Layout,
    machine: Machine,
    *,
    sequence_tokens: int,
    tokens: float,
    step_s: Figure,
    goodput: Figure,
) -> RunPlan:
    """The whole run: rates, utilisation, days."""
    tokens_per_step = layout.batch * sequence_tokens
    steps = ceil(tokens / tokens_per_step)
    per_token = flops.train_flops(architecture, sequence_tokens=sequence_tokens)
    rate = computed(
        lambda step: tokens_per_step / step,
        step_s,
        formula=f"{tokens_per_step:,} tokens / {step_s.expected:.4g} s",
    )
    undisturbed = computed(
        lambda step: steps * step / SECONDS_PER_DAY,
        step_s,
        formula=f"{steps:,} steps × {step_s.expected:.4g} s / 86,400 s",
    )
    return RunPlan(
        steps=steps,
        tokens_per_step=tokens_per_step,
        tokens_per_s=rate,
        tokens_per_s_per_gpu=computed(
            lambda each: each / layout.gpus, rate, formula=f"{rate.expected:,.0f} / {layout.gpus:,} GPUs"
        ),
        mfu=computed(
            lambda each: each * per_token / layout.gpus / machine.peak_flops,
            rate,
            formula=f"{rate.expected:,.0f} tokens/s × {per_token:.4g} FLOP / ({layout.gpus:,} GPUs × "
            f"{machine.peak_flops:.4g} FLOP/s)",
            source="causal attention; dense peak",
        ),
        undisturbed_days=undisturbed,
        days=computed(
            lambda days, part: days / part,
            undisturbed,
            goodput,
            formula=f"{undisturbed.expected:.4g} days / goodput {goodput.expected:.3f}",
        ),
    )


def model_flops(architecture: Architecture, *, sequence_tokens: int) -> Figure:
    """FLOPs of training on one token, as a figure."""
    matrix = flops.matrix_flops(architecture)
    per_layer = flops.layer_attention_flops(architecture, sequence_tokens=sequence_tokens)
    return exact(
        flops.train_flops(architecture, sequence_tokens=sequence_tokens),
        formula=f"{matrix:.4g} matrix + {architecture.layers} layers × {per_layer:.4g} causal attention "
        f"({sequence_tokens:,} tokens)",
        source="6 × parameters that multiply; attention: NVIDIA/dgxc-benchmarking, halved for causal",
    )


def _at_end(software: Software, *, slow: bool) -> Software:
    """The software with each constant of the step time at the end of its range that makes the step slow, or fast."""

    def moved(name: str, figure: Figure) -> Figure:
        bound = figure.high if slow == (name in SLOWER_WHEN_HIGHER) else figure.low
        return figure if bound is None else Figure(expected=bound)

    moves: dict[str, object] = {
        name: moved(name, value)
        for name, value in software
        if isinstance(value, Figure) and name not in {"memory_overhead_gb", "optimizer_bytes"}
    }
    for name in ("matrix_efficiency", "attention_efficiency"):
        moves[name] = {key: moved(name, figure) for key, figure in getattr(software, name).items()}
    return software.model_copy(update=moves)
