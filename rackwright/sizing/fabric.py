"""Switches and cables of a non-blocking fat tree, for any number of endpoints and switch ports.

With k ports a switch: one switch joins k endpoints, two tiers k²/2, three tiers k³/4. Two tiers take 2G/k leaves and
G/k spines for G endpoints, three tiers 2G/k, 2G/k and G/k. NVIDIA's tables for 64-port switches (DGX SuperPOD reference
architecture) come out of it. A rail-optimised fabric connects the same port of all hosts of a group to one leaf;
the counts are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, kw_only=True)
class FatTree:
    """The tree's parts."""

    endpoints: int
    tiers: int
    leaves: int
    spines: int
    cores: int

    @property
    def switches(self) -> int:
        """All switches."""
        return self.leaves + self.spines + self.cores

    @property
    def cables(self) -> int:
        """Cables of all tiers: as many in each as there are endpoints."""
        return self.tiers * self.endpoints


def largest(ports: int) -> int:
    """Endpoints that three tiers can join."""
    return ports**3 // 4


def fat_tree(*, endpoints: int, ports: int) -> FatTree:
    """The smallest non-blocking tree for that many endpoints; ValueError beyond three tiers."""
    if endpoints > largest(ports):
        raise ValueError(f"{endpoints} endpoints are more than the {largest(ports)} of three tiers of {ports} ports")
    if endpoints <= ports:
        return FatTree(endpoints=endpoints, tiers=1, leaves=1, spines=0, cores=0)
    leaves = ceil(2 * endpoints / ports)
    if endpoints <= ports**2 // 2:
        return FatTree(endpoints=endpoints, tiers=2, leaves=leaves, spines=ceil(endpoints / ports), cores=0)
    return FatTree(endpoints=endpoints, tiers=3, leaves=leaves, spines=leaves, cores=ceil(endpoints / ports))
