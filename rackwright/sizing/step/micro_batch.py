"""One micro-batch on its way through a machine: what all parts of its time are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rackwright.sizing.step.layouts import Layouts, Numbers
from rackwright.sizing.step.machine import Machine
from rackwright.specs.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class MicroBatch:
    """A micro-batch of each layout."""

    architecture: Architecture
    layouts: Layouts
    machine: Machine
    sequence_tokens: int

    @cached_property
    def tokens(self) -> Numbers:
        """Tokens of one tensor group: context ranks share the sequence."""
        return self.sequence_tokens * self.layouts.micro_batch / self.layouts.context

    @cached_property
    def own_tokens(self) -> Numbers:
        """Tokens of one GPU, where sequence parallelism splits them over the tensor ranks."""
        return self.tokens / self.layouts.tensor

    def copies(self, active: int) -> Numbers:
        """Copies of tokens at the routed experts of one GPU, when each token visits `active` of them."""
        return self.own_tokens * active * self.layouts.expert_tensor
