"""What a step runs on: achieved rates of the GPU, of its links, and of the fabric between hosts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rackwright.catalog import Gpu, Host, Software
from rackwright.sizing.step.layouts import Integers, Numbers
from rackwright.sizing.units import BITS_PER_BYTE, GB
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.request import Precision


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Hosts of one kind under one fabric, with the training software that runs there."""

    gpu: Gpu
    host: Host
    software: Software
    precision: Precision
    levels: tuple[FabricLevel, ...] = ()
    """The fabric's levels; without any, every host reaches every other at its ports' full rate."""
    routes_in_turn: bool = False
    """Whether tokens visit experts in turn, as in some benchmarks, so that a token's experts stand side by side."""

    def in_precision(self, precision: Precision) -> Machine:
        """The same machine for products in another precision."""
        return replace(self, precision=precision)

    @property
    def peak_flops(self) -> float:
        """Dense peak of the precision, FLOP/s."""
        return self.gpu.peak_tflops[self.precision].expected * 1e12

    @property
    def matrix_flops(self) -> float:
        """Rate of large matrix products, FLOP/s."""
        return self.gpu.achievable(self.precision) * 1e12 * self.software.matrix_efficiency[self.precision].expected

    @property
    def attention_flops(self) -> float:
        """Rate of attention, forward and backward together, FLOP/s; scores stay in BF16."""
        share = self.software.attention_efficiency[self.gpu.generation].expected
        return self.gpu.achievable("bf16") * 1e12 * share

    @property
    def memory_bytes_per_s(self) -> float:
        """Rate of the GPU's memory in element-wise kernels."""
        return self.gpu.memory_bandwidth_gb_s.expected * GB * self.software.memory_efficiency.expected

    @property
    def nvlink_bytes_per_s(self) -> float:
        """Rate of a collective among GPUs that NVLink joins, for each GPU and direction."""
        return self.gpu.nvlink_gb_s.expected * GB * self.software.nvlink_efficiency.expected

    @property
    def network_bytes_per_s(self) -> float:
        """Rate of one GPU's share of its host's ports, one direction."""
        line = self.host.network_gbit_s * GB / BITS_PER_BYTE / self.host.gpus_per_host
        return line * self.software.network_efficiency.expected

    def near(self, ranks: Integers, *, inner: Integers) -> Integers:
        """How many of a group's `ranks`, each `inner` GPUs apart, NVLink joins."""
        return np.clip(self.host.nvlink_domain_gpus // inner, 1, ranks)

    def collective_bytes_per_s(self, ranks: Integers, *, inner: Integers) -> Numbers:
        """Rate for each rank of a ring over `ranks` GPUs, each `inner` GPUs apart.

        Inside a domain it is NVLink's. Across hosts the ring leaves each host through the ports of all members that
        stand there together, and is never faster than NVLink.
        """
        near = self.near(ranks, inner=inner)
        ports = near * self.network_bytes_per_s / self.oversubscription(ranks * inner)
        across = np.minimum(self.nvlink_bytes_per_s, ports)
        return np.where(near >= ranks, self.nvlink_bytes_per_s, across)

    def transfer_bytes_per_s(self, distance: Integers, *, span: Integers) -> Numbers:
        """Rate of a transfer to the GPU `distance` away in rank order, inside groups of `span` GPUs."""
        across = self.network_bytes_per_s / self.oversubscription(span)
        return np.where(distance < self.host.nvlink_domain_gpus, self.nvlink_bytes_per_s, across)

    def oversubscription(self, span: Integers) -> Numbers:
        """By how much the fabric narrows for neighbours in rank order that span so many GPUs."""
        factor = np.ones(np.shape(span))
        for level in self.levels:
            factor = np.where(span > level.hosts * self.host.gpus_per_host, factor * level.oversubscription, factor)
        return factor
