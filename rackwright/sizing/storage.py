"""Checkpoints, and what they ask of the storage."""

from __future__ import annotations

from rackwright.sizing.figures import computed, exact
from rackwright.specs.figure import Figure
from rackwright.specs.plan import StoragePlan

CHECKPOINT_BYTES = 14
"""Bytes a parameter: BF16 weight, FP32 weight and Adam's two moments; NVIDIA's published checkpoint sizes fit it."""

WRITE_BUDGET_S = Figure(
    low=5, expected=30, high=60, source="what the storage shall be bought for: a judgement", assumed=True
)
"""Seconds that writing one checkpoint may stop the training; sets the storage's bandwidth."""

KEPT_CHECKPOINTS = 10
"""Checkpoints kept at a time; sets the storage's capacity. Assumed."""


GB = 1e9
GB_PER_TB = 1000


def storage_plan(*, parameters: int) -> StoragePlan:
    """Size of a checkpoint, and the bandwidth and capacity that it asks for."""
    size = exact(
        CHECKPOINT_BYTES * parameters / GB,
        formula=f"{parameters:,} parameters × {CHECKPOINT_BYTES} bytes",
        source="NVIDIA/dgxc-benchmarking: published checkpoint sizes are 14.0 bytes a parameter",
    )
    budget = WRITE_BUDGET_S
    return StoragePlan(
        checkpoint_gb=size,
        checkpoint_write_s=budget,
        write_bandwidth_gb_s=computed(
            lambda seconds: size.expected / seconds,
            budget,
            formula=f"{size.expected:,.0f} GB / {budget.expected:g} s",
        ),
        capacity_tb=exact(
            KEPT_CHECKPOINTS * size.expected / GB_PER_TB,
            formula=f"{KEPT_CHECKPOINTS} checkpoints × {size.expected:,.0f} GB",
            source="number of checkpoints kept: assumed",
        ),
    )
