"""Switches and cables of a non-blocking fat tree, for any number of endpoints and switch ports.

With k ports a switch: one switch joins k endpoints, two tiers k²/2, three tiers k³/4. Two tiers take 2G/k leaves and
G/k spines for G endpoints, three tiers 2G/k, 2G/k and G/k. NVIDIA's tables for 64-port switches (DGX SuperPOD reference
architecture) come out of it. A rail-optimised fabric connects the same port of all hosts of a group to one leaf;
the counts are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from rackwright.catalog import SWITCHES, Host, Switch
from rackwright.sizing.figures import exact
from rackwright.specs.plan import FabricPlan

GBIT_PER_TBIT = 1000


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


def endpoints(*, host: Host, hosts: int, switch: Switch) -> int:
    """Switch ports that the hosts take, at the switch's port speed (two 200 Gbit/s ports share one of 400)."""
    return hosts * ceil(host.network_gbit_s / switch.port_bandwidth_gbit_s.expected)


def large_enough(name: str, *, host: Host, hosts: int) -> str:
    """The named switch, or where three tiers of it don't join all hosts, the catalogue's smallest that does."""
    fitting = {
        key: switch
        for key, switch in SWITCHES.entries.items()
        if endpoints(host=host, hosts=hosts, switch=switch) <= largest(switch.ports)
    }
    if name in fitting or not fitting:
        return name
    return min(fitting, key=lambda key: fitting[key].ports)


def fabric_plan(*, switch_name: str, switch: Switch, host: Host, tree: FatTree) -> FabricPlan:
    """The fabric's counts."""
    gbit_s = switch.port_bandwidth_gbit_s.expected
    return FabricPlan(
        switch=switch_name,
        rails=host.rails,
        endpoints=tree.endpoints,
        tiers=tree.tiers,
        leaf_switches=tree.leaves,
        spine_switches=tree.spines,
        core_switches=tree.cores,
        switches=tree.switches,
        cables=tree.cables,
        bisection_tbit_s=exact(
            tree.endpoints / 2 * gbit_s / GBIT_PER_TBIT,
            formula=f"{tree.endpoints:,} endpoints / 2 × {gbit_s:g} Gbit/s, not oversubscribed",
        ),
    )
