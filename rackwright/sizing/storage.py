"""Checkpoints, and what they ask of the storage."""

from __future__ import annotations

CHECKPOINT_BYTES = 14
"""Bytes a parameter: BF16 weight, FP32 weight and Adam's two moments; NVIDIA's published checkpoint sizes fit it."""

WRITE_BUDGET_S = 60.0
"""Seconds that writing one checkpoint may stop the training; sets the storage's bandwidth. Assumed."""

KEPT_CHECKPOINTS = 10
"""Checkpoints kept at a time; sets the storage's capacity. Assumed."""


def checkpoint_bytes(parameters: int) -> float:
    """Bytes of one checkpoint."""
    return CHECKPOINT_BYTES * parameters
