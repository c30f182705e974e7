"""Many layouts at once: one column for each dimension, so that the arithmetic runs on all of them together.

A `Layout` (parallelism.py) is one row. All columns have the same length; formulas over columns serve a single
layout and a search over millions alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.terms import RECOMPUTES

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def total(columns: Iterable[Numbers]) -> Numbers:
    """The sum of columns, row by row."""
    return np.asarray(np.add.reduce(list(columns)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Layouts:
    """Ways to split a model and its batch, as columns of equal length."""

    tensor: Integers
    context: Integers
    pipeline: Integers
    virtual_pipeline: Integers
    expert: Integers
    expert_tensor: Integers
    data: Integers
    parameter_shards: Integers
    """Ranks that share one copy of weights and gradients: 1 for ZeRO-1, more for FSDP (all of data × context) and
    HSDP (fewer)."""
    micro_batch: Integers
    micro_batches: Integers
    recompute: Integers
    """Index into `RECOMPUTES`."""

    @classmethod
    def of(cls, layouts: Iterable[Layout]) -> Layouts:
        """Columns of single layouts."""
        rows = list(layouts)
        columns = {
            field.name: np.array(
                [
                    RECOMPUTES.index(row.recompute) if field.name == "recompute" else getattr(row, field.name)
                    for row in rows
                ],
                dtype=np.int64,
            )
            for field in fields(cls)
        }
        return cls(**columns)

    def __len__(self) -> int:
        return len(self.tensor)

    def row(self, index: int) -> Layout:
        """One layout."""
        values = {field.name: int(getattr(self, field.name)[index]) for field in fields(self)}
        return Layout(**{**values, "recompute": RECOMPUTES[values["recompute"]]})  # type: ignore[arg-type]  # by name

    def take(self, which: npt.NDArray[np.bool_] | Integers | slice) -> Layouts:
        """The layouts that a mask, indices or a slice choose."""
        if isinstance(which, np.ndarray) and which.dtype == np.bool_:
            which = np.flatnonzero(which)  # once for all columns
        return Layouts(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @property
    def gpus(self) -> Integers:
        """GPUs that train."""
        return self.tensor * self.context * self.pipeline * self.data

    @property
    def batch(self) -> Integers:
        """Sequences of one step."""
        return self.data * self.micro_batch * self.micro_batches

    @property
    def replicas(self) -> Integers:
        """Ranks that hold the same part of what isn't an expert, and so share its gradients."""
        return self.data * self.context

    @property
    def expert_replicas(self) -> Integers:
        """The same for routed experts."""
        return np.maximum(1, self.tensor * self.context * self.data // (self.expert * self.expert_tensor))

    @property
    def optimizer_shards(self) -> Integers:
        """Ranks that share the optimizer's state of what isn't an expert."""
        return np.where(self.fully_sharded, self.parameter_shards, self.replicas)

    @property
    def fully_sharded(self) -> npt.NDArray[np.bool_]:
        """Whether weights and gradients are sharded too (FSDP, HSDP)."""
        return np.greater(self.parameter_shards, 1)

    @property
    def recompute_full(self) -> npt.NDArray[np.bool_]:
        """Whether each layer's forward pass runs twice."""
        return np.equal(self.recompute, RECOMPUTES.index("full"))

    @property
    def recompute_selective(self) -> npt.NDArray[np.bool_]:
        """Whether norms and activation functions are computed again."""
        return np.equal(self.recompute, RECOMPUTES.index("selective"))
