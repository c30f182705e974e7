"""The RDMA fabric of a plan: switches, cables, optics, racks, bisection, and the levels that schedulers work with.

`fat_tree` counts; here its design follows from hosts and switches, and its counts become the plan's part.

Copper or optical: passive copper reaches about 3 m at 400 Gbit/s, so a cable is copper where all hosts of its leaf
stand in one rack with it, and optical elsewhere; between switches all are optical.
"""

from __future__ import annotations

from math import ceil

from rackwright.catalog import FIGURES, SWITCHES, Host, PlaceKind, Switch
from rackwright.sizing.figures import PlanningFigures, exact
from rackwright.sizing.network.fat_tree import Design, FatTree, TooManyHostsError, fat_tree
from rackwright.sizing.units import GBIT_PER_TBIT
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.fabric import FabricLevel, FabricTerms
from rackwright.specs.figure import Figure
from rackwright.specs.kubernetes_names import HOSTNAME_LABEL
from rackwright.specs.plan import FabricPlan, TierCables
from rackwright.specs.request import Request

TRANSCEIVERS_PER_CABLE = 2

NVLINK_LABEL = "nvidia.com/gpu.clique"
"""Node label that NVIDIA's GPU feature discovery gives to the hosts of one NVLink domain."""

LABEL_PREFIX = "rackwright.dev/fabric-"
"""Of the node labels that an administrator gives to hosts by the switches above them."""


def fabric_plan(request: Request, *, place: PlaceKind, host: Host, hosts: int) -> FabricPlan:
    """The fabric of so many hosts; with a larger switch than wished where three tiers of that one don't join them."""
    name = large_enough(request.switch or place.switch, host=host, hosts=hosts, terms=request.fabric)
    terms = request.fabric
    tree = _tree(name, host=host, hosts=hosts, terms=terms)
    cables = tier_cables(tree, rack_hosts=rack_hosts(host, terms))
    copper, optical = sum(each.copper for each in cables), sum(each.optical for each in cables)
    host_racks = ceil(hosts / rack_hosts(host, terms))
    switches_per_rack = PlanningFigures.of(request.figures)["switches_per_rack"].expected
    network_racks = ceil(_apart(tree, terms) / switches_per_rack)
    return FabricPlan(
        switch=name,
        spine_switch=terms.spine_switch or name,
        rail_optimised=terms.rail_optimised,
        rails=host.rails,
        endpoints=tree.endpoints,
        tiers=tree.tiers,
        leaf_switches=tree.leaves,
        spine_switches=tree.spines,
        core_switches=tree.cores,
        switches=tree.switches,
        unit_hosts=tree.design.unit_hosts,
        units=tree.units,
        pods=tree.pods,
        most_hosts=tree.design.most_hosts,
        cables=tree.cables,
        copper_cables=copper,
        optical_cables=optical,
        optics=TRANSCEIVERS_PER_CABLE * optical,
        tier_cables=cables,
        leaf_oversubscription=exact(
            tree.leaf_oversubscription,
            formula=f"{tree.design.unit_hosts * tree.design.plane_ports} ports to hosts / {tree.design.leaf_uplinks} "
            "uplinks of a leaf"
            if tree.tiers > 1
            else "one switch, without uplinks",
        ),
        spine_oversubscription=exact(
            tree.spine_oversubscription,
            formula=f"{tree.design.pod_units * tree.design.planes * tree.design.leaf_uplinks:,} cables from a pod's "
            f"leaves / ({tree.design.pod_spines} spines × {tree.design.spine_uplinks} uplinks)"
            if tree.cores
            else "no cores above the spines",
        ),
        bisection_tbit_s=_bisection(tree, gbit_s=SWITCHES.entries[name].port_bandwidth_gbit_s.expected),
        host_racks=host_racks,
        network_racks=network_racks,
        racks=host_racks + network_racks,
        levels=narrowed(place.levels, terms) if place.levels else levels(tree, host=host),
        levels_assumed=place.levels_assumed,
    )


def design(switch: Switch, *, host: Host, terms: FabricTerms) -> Design:
    """What a fabric of these switches for these hosts is made from."""
    spine = SWITCHES.get(terms.spine_switch, field="fabric.spine_switch") if terms.spine_switch else switch
    ports = host_ports(host, switch)
    return Design(
        leaf_ports=switch.ports,
        spine_ports=spine.ports,
        host_ports=ports,
        planes=min(host.rails, ports) if terms.rail_optimised else 1,
        leaf_oversubscription=terms.leaf_oversubscription,
        spine_oversubscription=terms.spine_oversubscription,
        unit_multiple=host.nvlink_domain_hosts,
        most_unit_hosts=None if terms.rail_optimised else rack_hosts(host, terms),
        wished_pod_hosts=terms.pod_hosts,
    )


def host_ports(host: Host, switch: Switch) -> int:
    """Switch ports that a host takes, at the switch's port speed (two 200 Gbit/s ports share one of 400)."""
    return ceil(host.network_gbit_s / switch.port_bandwidth_gbit_s.expected)


def rack_hosts(host: Host, terms: FabricTerms) -> int:
    """Hosts of one rack."""
    usual = int(FIGURES.entries["hosts_per_rack"].figure.expected)
    return terms.hosts_per_rack or max(usual, host.nvlink_domain_hosts)


def most_hosts(name: str, *, host: Host, terms: FabricTerms) -> int:
    """Hosts that three tiers of the named switch can join."""
    return design(SWITCHES.entries[name], host=host, terms=terms).most_hosts


def large_enough(name: str, *, host: Host, hosts: int, terms: FabricTerms) -> str:
    """The named switch, or where three tiers of it don't join all hosts, the catalogue's smallest that does."""
    most = {each: most_hosts(each, host=host, terms=terms) for each in SWITCHES.entries}
    fitting = [each for each, reach in most.items() if reach >= hosts]
    if name in fitting or not fitting:
        return name
    return min(fitting, key=lambda each: SWITCHES.entries[each].ports)


def tier_cables(tree: FatTree, *, rack_hosts: int) -> tuple[TierCables, ...]:
    """The cables below each tier, by kind."""
    in_one_rack = min(tree.hosts, tree.design.unit_hosts if tree.tiers > 1 else tree.hosts) <= rack_hosts
    to_hosts = TierCables(
        tier="leaf",
        copper=tree.endpoints if in_one_rack else 0,
        optical=0 if in_one_rack else tree.endpoints,
    )
    spine = TierCables(tier="spine", copper=0, optical=tree.leaf_cables)
    core = TierCables(tier="core", copper=0, optical=tree.core_cables)
    return (to_hosts, spine, core)[: tree.tiers]


def levels(tree: FatTree, *, host: Host) -> tuple[FabricLevel, ...]:
    """The levels that the switches make, from all that the design can join down to the host.

    Hosts of an NVLink domain are a level where units hold whole ones.
    """
    design = tree.design
    unit, pod = design.unit_hosts, design.pod_units * design.unit_hosts
    domains = {
        1: (("leaf", design.one_switch_hosts, 1.0),),
        2: (("spine", design.two_tier_hosts, 1.0), ("leaf", unit, tree.leaf_oversubscription)),
        3: (
            ("core", design.most_hosts, 1.0),
            ("spine", pod, tree.spine_oversubscription),
            ("leaf", unit, tree.leaf_oversubscription),
        ),
    }[tree.tiers]
    found = [
        FabricLevel(name=name, node_label=f"{LABEL_PREFIX}{name}", hosts=size, oversubscription=oversubscription)
        for name, size, oversubscription in domains
        if size > 1
    ]
    joined = host.nvlink_domain_hosts
    if found and 1 < joined < found[-1].hosts and found[-1].hosts % joined == 0:
        found.append(FabricLevel(name="nvlink", node_label=NVLINK_LABEL, hosts=joined))
    return (*found, FabricLevel(name="host", node_label=HOSTNAME_LABEL, hosts=1))


def switches_by_kind(plan: FabricPlan) -> dict[str, int]:
    """How many switches of which kind."""
    if plan.spine_switch == plan.switch:
        return {plan.switch: plan.switches}
    return {plan.switch: plan.leaf_switches, plan.spine_switch: plan.spine_switches + plan.core_switches}


def narrowed(own: tuple[FabricLevel, ...], terms: FabricTerms) -> tuple[FabricLevel, ...]:
    """A place's own levels with the oversubscription that is asked of leaves and spines: the two finest domains'."""
    domains = [level.name for level in reversed(own) if level.hosts > 1]
    asked = dict(zip(domains, (terms.leaf_oversubscription, terms.spine_oversubscription), strict=False))
    return tuple(
        level.model_copy(update={"oversubscription": max(level.oversubscription, asked.get(level.name, 1.0))})
        for level in own
    )


def _tree(name: str, *, host: Host, hosts: int, terms: FabricTerms) -> FatTree:
    made_from = design(SWITCHES.entries[name], host=host, terms=terms)
    try:
        return fat_tree(made_from, hosts=hosts)
    except TooManyHostsError as error:
        problem = Problem(
            field="switch",
            value=repr(name),
            expected=f"a switch of which three tiers join {hosts:,} hosts: as the fabric is asked for, this one joins "
            f"{made_from.most_hosts:,}, and no other of the catalogue enough",
            remedy="leave fabric.pod_hosts out, use lower oversubscription, or name a switch with more ports",
        )
        raise SpecError("request", [problem]) from error


def expected_levels(request: Request, *, place: PlaceKind, host: Host) -> tuple[FabricLevel, ...]:
    """The levels of the request's own GPUs; without, of as many hosts as the wished switch joins."""
    name = request.switch or place.switch
    most = most_hosts(name, host=host, terms=request.fabric)
    hosts = most if request.gpus is None else ceil(request.gpus / host.gpus_per_host)
    return levels_at(place, host=host, hosts=hosts, switch=request.switch, terms=request.fabric)


def levels_at(
    place: PlaceKind, *, host: Host, hosts: int, switch: str | None = None, terms: FabricTerms | None = None
) -> tuple[FabricLevel, ...]:
    """The levels of so many hosts at a place: its own where it has some, or those of the fabric that joins them."""
    terms = terms or FabricTerms()
    if place.levels:
        return narrowed(place.levels, terms)
    name = large_enough(switch or place.switch, host=host, hosts=hosts, terms=terms)
    return levels(_tree(name, host=host, hosts=hosts, terms=terms), host=host)


def _apart(tree: FatTree, terms: FabricTerms) -> int:
    """Switches that stand in racks of their own: where a leaf stands with its hosts, the others alone."""
    return tree.switches if terms.rail_optimised else tree.switches - tree.leaves


def _bisection(tree: FatTree, *, gbit_s: float) -> Figure:
    narrowed = tree.leaf_oversubscription * tree.spine_oversubscription
    return exact(
        tree.endpoints / 2 * gbit_s / narrowed / GBIT_PER_TBIT,
        formula=f"{tree.endpoints:,} endpoints / 2 × {gbit_s:g} Gbit/s"
        + (f" / {narrowed:.3g} of oversubscription" if narrowed > 1 else ", not oversubscribed"),
    )


def domain_sizes(hosts: int, full: int) -> list[int]:
    """Hosts of each domain when they are filled one after the other."""
    sizes = [full] * (hosts // full)
    return [*sizes, hosts % full] if hosts % full else sizes
