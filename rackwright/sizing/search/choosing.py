"""What the search chooses, and in words why the runner-up lost."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.plan import ParallelismPlan

PARTS = {
    "matrix_s": "matrix products",
    "attention_s": "attention",
    "elementwise_s": "memory-bound work",
    "tensor_s": "tensor communication",
    "context_s": "context communication",
    "expert_s": "expert communication",
    "overhead_s": "kernel launches",
    "pipeline_s": "pipeline communication",
    "bubble_s": "the pipeline's bubble",
    "data_s": "data communication",
    "optimizer_s": "the optimizer",
    "straggler_s": "stragglers",
}
"""Parts of a step (`StepTimes`) in words."""

NAMED_PARTS = 2
"""Parts that a comparison names: those that make most of the difference."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A layout and what it achieves."""

    layout: Layout
    parts_s: dict[str, float]
    """Seconds of a step, by the names of `StepTimes`."""
    step_s: float
    tokens_per_s: float
    memory_gb: float
    """Of its fullest pipeline rank."""


def described(split: ParallelismPlan) -> str:
    """A way to split a model in words, without what is 1."""
    sizes = {
        "tensor": split.tensor,
        "context": split.context,
        "pipeline": split.pipeline,
        "chunks": split.virtual_pipeline,
        "expert": split.expert,
        "expert tensor": split.expert_tensor,
        "data": split.data,
        "shards": split.parameter_shards,
        "micro-batch": split.micro_batch_sequences,
    }
    words = [f"{name} {size:,}" for name, size in sizes.items() if size > 1]
    recompute = [] if split.recompute == "none" else [f"{split.recompute} recomputation"]
    return " × ".join([*words, *recompute]) or "one GPU"


def parallelism_plan(layout: Layout) -> ParallelismPlan:
    """A layout as the plan has it."""
    return ParallelismPlan(
        tensor=layout.tensor,
        context=layout.context,
        pipeline=layout.pipeline,
        virtual_pipeline=layout.virtual_pipeline,
        expert=layout.expert,
        expert_tensor=layout.expert_tensor,
        data=layout.data,
        parameter_shards=layout.parameter_shards,
        micro_batch_sequences=layout.micro_batch,
        micro_batches=layout.micro_batches,
        batch_sequences=layout.batch,
        recompute=layout.recompute,
    )


def why_slower(best: Choice, other: Choice) -> str:
    """Which parts of the step cost the other more, each for the best's number of sequences."""
    scale = best.layout.batch / other.layout.batch
    more = {name: other.parts_s[name] * scale - best.parts_s[name] for name in PARTS}
    costly = sorted((name for name in PARTS if more[name] > 0), key=lambda name: -more[name])
    slower = best.tokens_per_s / other.tokens_per_s - 1
    if not costly:
        return "as fast"
    parts = ", ".join(f"{PARTS[name]} +{more[name] / best.step_s:.1%}" for name in costly[:NAMED_PARTS])
    return f"{slower:.1%} slower: {parts} of a step"
