"""How long it takes to move a model once, across each level of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rackwright.catalog import Gpu, Host
from rackwright.sizing.figures import PlanningFigures, computed, exact, product, stated
from rackwright.sizing.operation.storage import front_gb_s
from rackwright.sizing.units import BITS_PER_BYTE, GB, MIB_PER_GB
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.operation import TransferLevel, TransferPlan

BYTES_PER_PARAMETER = 4
"""A weight in FP32, as published questions count it; BF16 takes half."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a model is moved across."""

    gpu: Gpu
    host: Host
    hosts: int
    levels: Sequence[FabricLevel]
    """Of the fabric, from coarse to fine."""
    network_efficiency: Figure
    """Achieved part of an RDMA port's rate."""
    storage_read_gb_s: Figure | Unknown
    figures: PlanningFigures


def model_bytes(parameters: float, *, bytes_per_parameter: float = BYTES_PER_PARAMETER) -> Figure:
    """A model's size, 10^9 bytes."""
    return exact(
        parameters * bytes_per_parameter / GB,
        formula=f"{parameters:,.0f} parameters × {bytes_per_parameter:g} bytes",
    )


def broadcast_s(model_gb: float, *, host_gb_s: float, hosts: int, chunk_gb: float, hop_s: float) -> float:
    """Seconds until all hosts have what one has: each passes each chunk on to the next as soon as it is there."""
    return model_gb / host_gb_s + max(0, hosts - 2) * (chunk_gb / host_gb_s + hop_s)


def transfer_plan(model_gb: Figure, machine: Machine) -> TransferPlan:
    """The levels, from the inside of a GPU outwards."""
    host_gb_s = _wire(machine, machine.host.network_gbit_s, "all ports of a host")
    return TransferPlan(
        model_gb=model_gb,
        levels=(
            _level("memory of one GPU", model_gb, stated(machine.gpu.memory_bandwidth_gb_s)),
            _level("NVLink, one GPU to its host's others", model_gb, stated(machine.gpu.nvlink_gb_s)),
            _level("one RDMA port", model_gb, _wire(machine, machine.host.port_bandwidth_gbit_s.expected, "one port")),
            _level("one host to another", model_gb, host_gb_s),
            *(
                _broadcast(f"its {level.name}", model_gb, host_gb_s, hosts=level.hosts, figures=machine.figures)
                for level in reversed(machine.levels)
                if 1 < level.hosts < machine.hosts
            ),
            _broadcast("the cluster", model_gb, host_gb_s, hosts=machine.hosts, figures=machine.figures),
            _level("front network of one host", model_gb, front_gb_s(machine.host, machine.figures)),
            _storage("storage to the cluster, once", model_gb, machine, copies=1),
            _storage("storage to every host by itself", model_gb, machine, copies=machine.hosts),
        ),
    )


def _wire(machine: Machine, gbit_s: float, what: str) -> Figure:
    part = stated(machine.network_efficiency)
    return product(
        part,
        gbit_s / BITS_PER_BYTE,
        formula=f"{what}: {gbit_s:g} Gbit/s / 8 × {part.expected:g}",
        source=f"{machine.host.port_bandwidth_gbit_s.source}; {part.source}",
    )


def _level(name: str, model_gb: Figure, rate: Figure) -> TransferLevel:
    return TransferLevel(
        level=name,
        gb_s=rate,
        transfer_s=computed(
            lambda size, each: size / each,
            model_gb,
            rate,
            formula=f"{model_gb.expected:,.4g} GB / {rate.expected:,.4g} GB/s",
            source=rate.source,
        ),
    )


def _broadcast(domain: str, model_gb: Figure, rate: Figure, *, hosts: int, figures: PlanningFigures) -> TransferLevel:
    chunk_gb, hop_s = figures["broadcast_chunk_gb"].expected, figures["broadcast_hop_s"].expected
    return TransferLevel(
        level=f"one host to all {hosts:,} of {domain}",
        gb_s=rate,
        transfer_s=computed(
            lambda size, each: broadcast_s(size, host_gb_s=each, hosts=hosts, chunk_gb=chunk_gb, hop_s=hop_s),
            model_gb,
            rate,
            formula=f"{model_gb.expected:,.4g} GB / {rate.expected:,.4g} GB/s + {max(0, hosts - 2):,} hops × "
            f"({chunk_gb * MIB_PER_GB:.3g} MiB / {rate.expected:,.4g} GB/s + {hop_s * 1e6:g} µs)",
            source=f"a chain of hosts that pass on in chunks; {rate.source}",
        ),
    )


def _storage(name: str, model_gb: Figure, machine: Machine, *, copies: int) -> TransferLevel:
    rate = machine.storage_read_gb_s
    if isinstance(rate, Unknown):
        return TransferLevel(level=name, gb_s=rate, transfer_s=rate)
    front = front_gb_s(machine.host, machine.figures)
    both = computed(
        lambda storage, each: min(storage, each * machine.hosts),
        rate,
        front,
        formula=f"the lesser of {rate.expected:,.4g} GB/s and {machine.hosts:,} hosts × {front.expected:.3g} GB/s",
        source=f"{rate.source}; {front.source}",
    )
    return TransferLevel(
        level=name,
        gb_s=both,
        transfer_s=computed(
            lambda size, each: copies * size / each,
            model_gb,
            both,
            formula=f"{copies:,} × {model_gb.expected:,.4g} GB / {both.expected:,.4g} GB/s",
            source=both.source,
        ),
    )
