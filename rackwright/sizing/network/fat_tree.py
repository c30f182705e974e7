"""Switches and cables of a leaf, spine and core fabric, for any number of hosts and switch ports.

The fabric grows by units: one leaf for each plane (rail), and as many hosts as a leaf has ports for. A unit that isn't
full has all of its leaves and uplinks all the same: "the fabric should be designed to support the full SU, including
leaf switches and leaf-spine cables" (NVIDIA DGX SuperPOD reference architecture H100, network fabrics). Spines join
units to a pod, cores join pods. A switch's uplinks are spread evenly over the switches above, so their number is no
mere quotient of ports: of three units NVIDIA's table has 16 spines, not 12.

Equal to NVIDIA's tables (DGX SuperPOD reference architectures H100 RA-11333 table 4, B200 table 3, B300-XDR table 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

EVEN_SPREAD = 0.95
"""Least part of the uplinks' bandwidth that an uneven spread of cables may leave usable. Assumed: NVIDIA's tables rule
out 0.9 (72 uplinks to 16 spines) and less; non-divisors matter only for cores of odd numbers of pods."""

ROUNDING = 1e-9
"""Slack for quotients that are whole but for floating point."""


class TooManyHostsError(ValueError):
    """More hosts than three tiers of the design can join."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """What a fabric is made from. Oversubscription: a tier's bandwidth from below over that to above."""

    leaf_ports: int
    spine_ports: int
    """Of spines and cores."""
    host_ports: int = 1
    """Switch ports that each host takes."""
    planes: int = 1
    """Leaves of a unit, between which each host's ports are shared out: the rails, or 1."""
    leaf_oversubscription: float = 1.0
    spine_oversubscription: float = 1.0
    unit_multiple: int = 1
    """Hosts that are kept in one unit together: those of an NVLink domain, where a unit can hold them."""
    most_unit_hosts: int | None = None
    """Hosts of a unit at most: those of a rack, where each rack has its own leaf."""
    wished_pod_hosts: int | None = None
    """Hosts of a pod; unset: as many as its spines have ports for."""

    @cached_property
    def plane_ports(self) -> int:
        """Ports that a host takes at a leaf."""
        return ceil(self.host_ports / self.planes)

    @cached_property
    def unit_hosts(self) -> int:
        """Hosts of a full unit, which is what the fabric grows by; 0 where a leaf has too few ports for one."""
        hosts = from_below(self.leaf_ports, self.leaf_oversubscription) // self.plane_ports
        hosts = min(hosts, self.most_unit_hosts or hosts)
        return hosts // self.unit_multiple * self.unit_multiple or hosts

    @cached_property
    def leaf_uplinks(self) -> int:
        """Cables from a leaf to the spines."""
        return to_above(self.unit_hosts * self.plane_ports, self.leaf_oversubscription)

    @cached_property
    def most_units(self) -> int:
        """Units that two tiers can join: each leaf has a cable to each spine."""
        return self.spine_ports // self.planes

    @cached_property
    def pod_units(self) -> int:
        """Units of a pod below a third tier."""
        most = from_below(self.spine_ports, self.spine_oversubscription) // self.planes
        if self.wished_pod_hosts is None or not self.unit_hosts:
            return most
        return min(most, ceil(self.wished_pod_hosts / self.unit_hosts))

    @cached_property
    def pod_spines(self) -> int:
        """Spines of a pod below a third tier."""
        downlinks = self.pod_units * self.planes * self.leaf_uplinks
        return spread(self.leaf_uplinks, downlinks / from_below(self.spine_ports, self.spine_oversubscription))

    @cached_property
    def spine_uplinks(self) -> int:
        """Cables from a spine to the cores."""
        downlinks = ceil(self.pod_units * self.planes * self.leaf_uplinks / self.pod_spines)
        return to_above(downlinks, self.spine_oversubscription)

    @cached_property
    def one_switch_hosts(self) -> int:
        """Hosts that a single switch can join."""
        hosts = self.leaf_ports // self.host_ports
        return min(hosts, self.most_unit_hosts or hosts)

    @cached_property
    def two_tier_hosts(self) -> int:
        """Hosts that leaves and spines can join without cores."""
        hosts = self.most_units * self.unit_hosts
        return hosts if self.wished_pod_hosts is None else min(hosts, self.pod_units * self.unit_hosts)

    @cached_property
    def most_hosts(self) -> int:
        """Hosts that three tiers can join: each spine has a cable to each core of its own."""
        return max(self.two_tier_hosts, self.spine_ports * self.pod_units * self.unit_hosts)


@dataclass(frozen=True, kw_only=True)
class FatTree:
    """A fabric's parts."""

    design: Design
    hosts: int
    tiers: int
    units: int
    pods: int
    leaves: int
    spines: int
    cores: int
    leaf_cables: int
    """From leaves to spines; `core_cables` from spines to cores."""
    core_cables: int

    @property
    def endpoints(self) -> int:
        """Switch ports that hosts take, and cables from hosts to leaves."""
        return self.hosts * self.design.host_ports

    @property
    def switches(self) -> int:
        """All switches."""
        return self.leaves + self.spines + self.cores

    @property
    def cables(self) -> int:
        """Cables of all tiers."""
        return self.endpoints + self.leaf_cables + self.core_cables

    @property
    def leaf_oversubscription(self) -> float:
        """What the leaves' ports come to, at most what was asked; 1 where there is nothing above them."""
        design = self.design
        return design.unit_hosts * design.plane_ports / design.leaf_uplinks if self.tiers > 1 else 1.0

    @property
    def spine_oversubscription(self) -> float:
        """What the spines' ports come to, at most what was asked; 1 where there is nothing above them."""
        design = self.design
        if self.tiers < 3:  # noqa: PLR2004 - the third tier
            return 1.0
        return design.pod_units * design.planes * design.leaf_uplinks / (design.pod_spines * design.spine_uplinks)


def fat_tree(design: Design, *, hosts: int) -> FatTree:
    """The smallest tree of that design for so many hosts; `TooManyHostsError` beyond three tiers."""
    if hosts <= design.one_switch_hosts:
        return FatTree(
            design=design, hosts=hosts, tiers=1, units=1, pods=1, leaves=1, spines=0, cores=0,
            leaf_cables=0, core_cables=0,
        )  # fmt: skip
    if hosts > design.most_hosts:
        raise TooManyHostsError(f"{hosts:,} hosts are more than the {design.most_hosts:,} of three tiers")
    units = ceil(hosts / design.unit_hosts)
    leaves = units * design.planes
    leaf_cables = leaves * design.leaf_uplinks
    pods, spines, spine_cores, tiers = 1, spread(design.leaf_uplinks, leaf_cables / design.spine_ports), 0, 2
    if hosts > design.two_tier_hosts:
        tiers, pods, spines = 3, ceil(units / design.pod_units), design.pod_spines
        spine_cores = spread(design.spine_uplinks, pods * design.spine_uplinks / design.spine_ports)
    return FatTree(
        design=design,
        hosts=hosts,
        tiers=tiers,
        units=units,
        pods=pods,
        leaves=leaves,
        spines=pods * spines,
        # The n-th spines of all pods have cores of their own, so that each core reaches every pod.
        cores=spines * spine_cores,
        leaf_cables=leaf_cables,
        core_cables=pods * spines * design.spine_uplinks if spine_cores else 0,
    )


def from_below(ports: int, oversubscription: float) -> int:
    """Of a switch's ports, those for what is below it."""
    return floor(ports * oversubscription / (1 + oversubscription) + ROUNDING)


def to_above(downlinks: int, oversubscription: float) -> int:
    """Uplinks for so many ports from below."""
    return ceil(downlinks / oversubscription - ROUNDING)


def spread(uplinks: int, least: float) -> int:
    """Switches above, at least so many, over which a switch's uplinks spread evenly enough; at most one for each."""
    for count in range(max(1, ceil(least - ROUNDING)), uplinks):
        if uplinks / count >= EVEN_SPREAD * ceil(uplinks / count):
            return count
    return uplinks
