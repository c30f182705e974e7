"""The fabric: the levels at which hosts stand close together, and the rails that join them.

Node labels, Kueue's Topology, the shape of the GPU pool and the rank order of a job all come from here, so that they
can't disagree.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rackwright.specs.base import DnsLabel, LabelKey, Spec, refuse
from rackwright.specs.kubernetes_names import HOSTNAME_LABEL

MAX_LEVELS = 16
"""Levels in a Kueue Topology (its API's limit, v0.15)."""


Oversubscription = Annotated[float, Field(ge=1, le=64)]
"""Bandwidth from below over that to above: 1 is non-blocking."""


class FabricLevel(Spec):
    """One level of the fabric, such as a network block or the hosts under one leaf group."""

    name: DnsLabel
    """How people name the level in a job's topology wish (`island`, `block`, `leaf`, `host`)."""
    node_label: LabelKey
    """The node label whose value tells which domain of this level a host belongs to."""
    hosts: Annotated[int, Field(ge=1)]
    """Hosts in one full domain of this level."""
    oversubscription: Annotated[float, Field(ge=1)] = 1.0
    """Bandwidth that enters a domain's outermost switches from inside over that of their uplinks. Those of all levels
    that a path climbs out of multiply."""


class Fabric(Spec):
    """The levels from coarse to fine, and what each host brings to the network."""

    levels: Annotated[tuple[FabricLevel, ...], Field(min_length=1, max_length=MAX_LEVELS)]
    rails: Annotated[int, Field(ge=1)]
    """Separate leaf planes; a host has at least one port on each."""
    ports_per_host: Annotated[int, Field(ge=1)]
    """Ports of the RDMA fabric in one host."""
    port_bandwidth_gbit_s: Annotated[float, Field(gt=0)]
    """Of one port, one direction."""

    @model_validator(mode="after")
    def _levels_nest(self) -> Fabric:
        finest = self.levels[-1]
        if finest.node_label != HOSTNAME_LABEL or finest.hosts != 1:
            refuse(
                field=f"levels.{len(self.levels) - 1}",
                value=f"{finest.node_label} of {finest.hosts} hosts",
                expected=f"the finest level to be the host itself: {HOSTNAME_LABEL} with hosts: 1",
                remedy="add that level last",
            )
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names):
            refuse(field="levels", value=names, expected="a different name for each level", remedy="rename the twin")
        for index, (coarse, fine) in enumerate(zip(self.levels, self.levels[1:], strict=False)):
            if coarse.hosts % fine.hosts:
                refuse(
                    field=f"levels.{index}.hosts",
                    value=coarse.hosts,
                    expected=f"a multiple of the {fine.hosts} hosts of level {fine.name!r} below it",
                    remedy=f"use {(coarse.hosts // fine.hosts + 1) * fine.hosts}",
                )
        return self

    def level(self, name: str) -> FabricLevel:
        """The level of that name; raise `KeyError` with the names that there are."""
        for level in self.levels:
            if level.name == name:
                return level
        known = ", ".join(level.name for level in self.levels)
        raise KeyError(f"no fabric level {name!r}; there are {known}")


class FabricTerms(Spec):
    """What a fabric is asked to be; unset: rail-optimised, as large as need be, nowhere oversubscribed."""

    rail_optimised: bool = True
    """True where the same port of all hosts of a unit ends in the same leaf; False: each rack has one leaf."""
    leaf_oversubscription: Oversubscription = 1.0
    """Bandwidth of a leaf's hosts over that of its uplinks."""
    spine_oversubscription: Oversubscription = 1.0
    """Bandwidth that enters a pod's spines from its leaves over that of their uplinks to the cores."""
    spine_switch: str | None = None
    """The switch of spines and cores, an entry of the catalogue; unset: that of the leaves."""
    pod_hosts: Annotated[int, Field(ge=1)] | None = None
    """Hosts of a pod, where cores join pods; unset: as many as its spines have ports for."""
    hosts_per_rack: Annotated[int, Field(ge=1)] | None = None
    """Unset: four, or those of an NVLink domain."""
