"""The step's and the run's part of a plan, with ranges from the training software's constants."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from rackwright.catalog import Software
from rackwright.sizing import flops
from rackwright.sizing.figures import computed, exact
from rackwright.sizing.parallelism import Layout
from rackwright.sizing.step_time import Machine, step_time
from rackwright.specs.architecture import Architecture
from rackwright.specs.figure import Figure
from rackwright.specs.plan import RunPlan, StepPlan

SECONDS_PER_DAY = 86_400

SOURCE = "sizing/step_time.py; fractions of peak and rate: catalogue, software.yaml"


def step_plan(architecture: Architecture, layout: Layout, machine: Machine, *, sequence_tokens: int) -> StepPlan:
    """The parts of a step: expected, and with all of the software's fractions at their low or high ends."""
    expected = step_time(architecture, layout, machine, sequence_tokens=sequence_tokens)
    slow, fast = (
        step_time(architecture, layout, replace(machine, software=software), sequence_tokens=sequence_tokens)
        for software in (_at_end(machine.software, "low"), _at_end(machine.software, "high"))
    )

    def part(name: str, formula: str) -> Figure:
        ends = sorted((getattr(slow, name), getattr(fast, name)))
        value = getattr(expected, name)
        return Figure(expected=value, low=min(ends[0], value), high=max(ends[1], value), formula=formula, source=SOURCE)

    each = f"{layout.micro_batches} micro-batches on the slowest pipeline rank"
    rate = machine.software.matrix_efficiency[machine.precision].expected
    return StepPlan(
        matrix_s=part("matrix_s", f"matrix FLOPs of {each} / ({rate:g} × {machine.peak_flops:.4g} FLOP/s)"),
        attention_s=part("attention_s", f"causal attention FLOPs of {each} / {machine.attention_flops:.3g} FLOP/s"),
        elementwise_s=part("elementwise_s", f"memory traffic of {each} / {machine.memory_bytes_per_s:.3g} B/s"),
        tensor_communication_s=part("tensor_s", f"exposed part, {layout.tensor} ranks over NVLink, {each}"),
        context_communication_s=part("context_s", f"what attention doesn't hide, {layout.context} ranks, {each}"),
        expert_communication_s=part("expert_s", f"exposed all-to-alls, {layout.expert} ranks, {each}"),
        pipeline_communication_s=part("pipeline_s", f"exposed transfers between {layout.pipeline} ranks, {each}"),
        pipeline_bubble_s=part(
            "bubble_s",
            f"({layout.pipeline} − 1) / {layout.virtual_pipeline} micro-batches, of {layout.micro_batches} a step",
        ),
        data_communication_s=part("data_s", f"exposed part, {layout.sharding_ranks} ranks, 6 bytes a parameter"),
        optimizer_s=part("optimizer_s", "memory traffic of the optimizer's shard"),
        step_s=part("total_s", "sum of the parts"),
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


def _at_end(software: Software, end: str) -> Software:
    """The software with each fraction at the low or the high end of its range."""

    def moved(figure: Figure) -> Figure:
        bound = getattr(figure, end)
        return figure if bound is None else Figure(expected=bound)

    fractions = {
        name: moved(value) for name, value in software if isinstance(value, Figure) and name != "memory_overhead_gb"
    }
    matrix = {precision: moved(figure) for precision, figure in software.matrix_efficiency.items()}
    return software.model_copy(update={**fractions, "matrix_efficiency": matrix})
