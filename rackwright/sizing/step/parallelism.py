"""One way to split a model over GPUs, and how layers fall on pipeline ranks."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.specs.terms import Recompute


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way to split a model and its batch."""

    tensor: int
    context: int
    pipeline: int
    virtual_pipeline: int
    expert: int
    expert_tensor: int = 1
    data: int
    parameter_shards: int = 1
    micro_batch: int
    """Sequences."""
    micro_batches: int
    """Of each pipeline in one step."""
    recompute: Recompute

    @property
    def gpus(self) -> int:
        """GPUs that train."""
        return self.tensor * self.context * self.pipeline * self.data

    @property
    def batch(self) -> int:
        """Sequences of one step."""
        return self.data * self.micro_batch * self.micro_batches


def stage_layers(layers: int, stages: int) -> tuple[int, ...]:
    """Layers on each pipeline rank.

    Even where it divides. Else embedding and head count as one layer each, as Megatron's
    `account-for-embedding-in-pipeline-split` has it (Llama 3.1: 126 layers on 16 ranks), and ranks at the end may
    hold one less.
    """
    if layers % stages == 0:
        return (layers // stages,) * stages
    units = [-(-(layers + 2 - rank) // stages) for rank in range(stages)]
    units[0] -= 1
    units[-1] -= 1
    return tuple(units)
