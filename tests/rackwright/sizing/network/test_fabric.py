"""The fabric of a plan: its switch, cables by kind, racks, bisection and levels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import HOSTS, PLACES, SWITCHES
from rackwright.sizing.network.fabric import expected_levels, fabric_plan, host_ports
from rackwright.specs import SpecError
from rackwright.specs.fabric import Fabric
from rackwright.specs.plan import FabricPlan
from rackwright.specs.request import Request
from tests.rackwright.sizing import plans

pytestmark = pytest.mark.pure

DGX = HOSTS.entries["DGX-H100"]


def planned(hosts: int, *, place: str = "existing", host: str = "DGX-H100", **fields: object) -> FabricPlan:
    """The fabric of so many hosts."""
    request = Request.model_validate({"name": "run", "model": "llama-3-8b", "tokens": 1e12, "gpus": 8, **fields})
    return fabric_plan(request, place=PLACES.entries[place], host=HOSTS.entries[host], hosts=hosts)


def test_a_superpod_has_its_published_racks() -> None:
    """NVIDIA RA-11333, table 7: 38 racks for 127 hosts in four units of 32."""
    pod = planned(127)
    assert (pod.racks, pod.host_racks, pod.units, pod.unit_hosts) == (38, 32, 4, 32)


def test_two_ports_of_200_share_one_of_400() -> None:
    assert host_ports(HOSTS.entries["BM.GPU.H100.8"], SWITCHES.entries["qm9700"]) == 8
    assert planned(128, host="BM.GPU.H100.8").endpoints == 1024


def test_a_switch_that_is_too_small_gives_way_to_the_smallest_that_suffices() -> None:
    assert planned(8192).switch == "qm9700"
    assert planned(12_500).switch == "sn5600"


def test_a_fabric_that_no_switch_can_make_is_refused_with_the_remedy() -> None:
    with pytest.raises(SpecError, match=r"switch: got 'qm9700'; expected a switch .* Leave fabric\.pod_hosts out"):
        planned(1000, fabric={"rail_optimised": False, "hosts_per_rack": 1, "pod_hosts": 1})


def test_an_unknown_spine_switch_is_refused() -> None:
    with pytest.raises(SpecError, match=r"fabric\.spine_switch: got 'sn5601'"):
        planned(64, fabric={"spine_switch": "sn5601"})


def test_cables_are_copper_only_inside_a_rack() -> None:
    """Three metres of copper: in one rack, or from hosts to the leaf of their own rack."""
    small, unit, racks = planned(4), planned(32), planned(128, fabric={"rail_optimised": False})
    assert (small.copper_cables, small.optics) == (32, 0)
    assert (unit.copper_cables, unit.optics) == (0, 2 * (256 + 256))
    assert (racks.copper_cables, racks.optical_cables) == (1024, 1024)


@given(
    hosts=st.integers(1, 8192),
    leaf=st.sampled_from([1.0, 1.5, 2.0, 3.0]),
    spine=st.sampled_from([1.0, 2.0, 7.0]),
    rail_optimised=st.booleans(),
)
def test_parts_add_up_and_bisection_is_half_of_all_ports_over_oversubscription(
    hosts: int, leaf: float, spine: float, rail_optimised: bool
) -> None:
    terms = {"leaf_oversubscription": leaf, "spine_oversubscription": spine, "rail_optimised": rail_optimised}
    found = planned(hosts, fabric=terms)
    assert found.cables == found.copper_cables + found.optical_cables
    assert found.cables == sum(each.copper + each.optical for each in found.tier_cables)
    assert found.optics == 2 * found.optical_cables
    assert len(found.tier_cables) == found.tiers
    assert found.racks == found.host_racks + found.network_racks
    narrowed = found.leaf_oversubscription.expected * found.spine_oversubscription.expected
    assert 1 <= narrowed <= leaf * spine + 1e-9
    assert found.bisection_tbit_s.expected == pytest.approx(found.endpoints / 2 * 0.4 / narrowed)


@given(hosts=st.integers(1, 20_000), spine=st.sampled_from([1.0, 7.0]))
def test_levels_are_a_fabric_that_holds_all_hosts(hosts: int, spine: float) -> None:
    """The Fabric model itself refuses levels that don't nest."""
    found = planned(hosts, fabric={"spine_oversubscription": spine})
    fabric = Fabric(levels=found.levels, rails=8, ports_per_host=8, port_bandwidth_gbit_s=400)
    assert fabric.levels[0].hosts >= hosts
    assert fabric.levels[0].oversubscription == 1


def test_levels_are_the_switches_own_domains() -> None:
    def sizes(found: FabricPlan) -> list[tuple[str, int, float]]:
        return [(level.name, level.hosts, level.oversubscription) for level in found.levels]

    assert sizes(planned(8)) == [("leaf", 8, 1), ("host", 1, 1)]
    assert sizes(planned(128)) == [("spine", 256, 1), ("leaf", 32, 1), ("host", 1, 1)]
    assert sizes(planned(3072)) == [("core", 8192, 1), ("spine", 128, 1), ("leaf", 32, 1), ("host", 1, 1)]
    narrow = planned(3072, fabric={"spine_oversubscription": 7})
    assert sizes(narrow)[1] == ("spine", 224, 7)


def test_at_oracle_the_place_has_the_levels() -> None:
    assert planned(128, place="oracle", host="BM.GPU.H100.8").levels == PLACES.entries["oracle"].levels


def test_a_place_s_own_levels_are_narrowed_as_asked() -> None:
    own = planned(
        1024,
        place="oracle",
        host="BM.GPU.H100.8",
        fabric={"leaf_oversubscription": 2, "spine_oversubscription": 4},
    )
    assert [(level.name, level.oversubscription) for level in own.levels] == [
        ("island", 1),
        ("block", 4),
        ("leaf", 2),
        ("host", 1),
    ]


def test_a_narrower_fabric_is_never_faster() -> None:
    def step_s(**fabric: float) -> float:
        asked = {"model": "llama-3.1-405b", "gpus": 8192, "place": "existing", "fabric": fabric}
        return plans.planned(**asked).step.step_s.expected

    wide, narrow, narrower = step_s(), step_s(spine_oversubscription=7), step_s(leaf_oversubscription=4)
    assert wide < narrow
    assert wide < narrower


def test_levels_before_the_hosts_are_known_are_those_of_the_gpus_asked_for() -> None:
    request = Request(name="run", model="llama-3-8b", tokens=1e12, gpus=1024)
    existing = PLACES.entries["existing"]
    assert expected_levels(request, place=existing, host=DGX) == planned(128).levels
    by_deadline = request.model_copy(update={"gpus": None, "deadline_days": 30})
    assert expected_levels(by_deadline, place=existing, host=DGX) == planned(8192).levels
