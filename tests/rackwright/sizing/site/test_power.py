"""Power, energy and water by parts, and beside what was published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import HOSTS, SWITCHES
from rackwright.sizing.figures import ends, exact
from rackwright.sizing.site import power
from rackwright.specs.figure import Figure
from rackwright.specs.plan import FabricPlan
from rackwright.specs.request import Cooling
from rackwright.specs.site import PowerPlan
from tests.rackwright.sizing.machines import USUAL
from tests.rackwright.sizing.plans import reference

pytestmark = pytest.mark.pure

M3_PER_GALLON = 3.785412e-3


def fabric(*, switches: int, cables: int, switch: str = "qm9700") -> FabricPlan:
    update = {"switch": switch, "spine_switch": switch, "switches": switches, "cables": cables, "optics": 2 * cables}
    return reference("memphis").fabric.model_copy(update=update)


def planned(hosts: int, *, cooling: Cooling = "liquid", days: float = 365.25) -> PowerPlan:
    return power.power_plan(
        host=HOSTS.entries["DGX-H100"],
        hosts=hosts,
        fabric=fabric(switches=hosts // 2, cables=hosts * 24),
        cooling=cooling,
        days=exact(days, formula="-"),
        figures=USUAL,
    )


def expected(*parts: Figure) -> float:
    return sum(part.expected for part in parts)


@given(hosts=st.integers(1, 16_000), days=st.floats(1, 400), cooling=st.sampled_from(("air", "liquid", "dry")))
def test_power_and_energy_add_up_by_parts_at_each_end(hosts: int, days: float, cooling: Cooling) -> None:
    own = planned(hosts, cooling=cooling, days=days)
    it_parts = (own.hosts_mw, own.switches_mw, own.optics_mw, own.storage_mw, own.management_mw)
    assert own.it_mw.expected == pytest.approx(expected(*it_parts))
    assert own.facility_mw.expected == pytest.approx(own.it_mw.expected * own.pue.expected)
    energy_parts = (own.hosts_energy_gwh, own.network_energy_gwh, own.storage_energy_gwh, own.cooling_energy_gwh)
    assert own.energy_gwh.expected == pytest.approx(expected(*energy_parts))
    assert own.energy_gwh.expected == pytest.approx(own.facility_typical_mw.expected * days * 24 / 1000)
    assert own.facility_typical_mw.expected < own.facility_mw.expected
    for end in (0, 1):
        assert ends(own.it_mw)[end] == pytest.approx(sum(ends(part)[end] for part in it_parts))
        assert ends(own.energy_gwh)[end] == pytest.approx(sum(ends(part)[end] for part in energy_parts))


@given(hosts=st.integers(1, 8000), more=st.integers(0, 8000))
def test_more_hosts_never_take_less_power_or_water(hosts: int, more: int) -> None:
    few, many = planned(hosts), planned(hosts + more)
    assert many.facility_mw.expected >= few.facility_mw.expected
    assert many.water_m3_per_day.expected >= few.water_m3_per_day.expected


@given(hosts=st.integers(1, 16_000), cooling=st.sampled_from(("air", "liquid", "dry")))
def test_no_cooling_is_expected_to_take_more_water_than_all_heat_can_evaporate(hosts: int, cooling: Cooling) -> None:
    own = planned(hosts, cooling=cooling)
    assert own.water_m3_per_day.expected <= own.water_bound_m3_per_day.expected


def test_the_evaporation_bound_is_the_heat_over_water_s_latent_heat() -> None:
    """1 MW for a day is 86.4 GJ, which evaporate 35.6 t at 2.43 MJ/kg; at 5 cycles a quarter more is let off."""
    own = planned(1000)
    per_mw = own.water_bound_m3_per_day.expected / own.facility_mw.expected
    assert per_mw == pytest.approx(86_400 / 2.43 / 1000 * 5 / 4, rel=0.005)


def test_memphis_is_near_the_published_power_energy_and_water() -> None:
    own = reference("memphis").power
    # 700 W a GPU, 575 W for the rest of its server, 10 % for network and storage: 140 MW (SemiAnalysis, as quoted).
    assert own.it_mw.expected == pytest.approx(140, rel=0.03)
    # "More than 150 MW" (SemiAnalysis), "up to 150 MW" (news).
    assert own.facility_mw.expected == pytest.approx(150, rel=0.1)
    # A news article's 100 MW would hold for hosts at their typical load alone.
    assert own.hosts_typical_mw.expected < 100 < own.it_mw.expected
    # 1.59 TWh a year (SemiAnalysis), 181 MW on average, takes the hosts to be at full load all the time: the high end.
    assert own.energy_year_gwh.expected < 1590 < ends(own.energy_year_gwh)[1]
    published_water = 1.3e6 * M3_PER_GALLON
    assert own.water_m3_per_day.expected == pytest.approx(published_water, rel=0.1)
    assert published_water < own.water_bound_m3_per_day.expected


def test_one_host_in_training_draws_what_was_measured() -> None:
    """7.15 kW on Llama 2 70B LoRA (MLPerf Training); 6.5-8.5 kW reported as typical; 10.2 kW maximum."""
    own = planned(1)
    assert own.hosts_typical_mw.expected * 1000 == pytest.approx(7.15, rel=0.05)
    low, high = ends(own.hosts_typical_mw)
    assert (low * 1000, high * 1000) == pytest.approx((6.5, 8.5), rel=0.02)
    assert own.hosts_mw.expected * 1000 == pytest.approx(10.2)


@pytest.mark.parametrize("name", sorted(SWITCHES.entries))
def test_transceivers_are_not_counted_twice(name: str) -> None:
    """A switch's own power and its ports' transceivers stay within the data sheet's maximum with optics."""
    switch = SWITCHES.entries[name]
    own = power.power_plan(
        host=HOSTS.entries["DGX-H100"],
        hosts=1,
        fabric=fabric(switches=1, cables=0, switch=name),
        cooling="air",
        days=exact(1.0, formula="-"),
        figures=USUAL,
    )
    ports_kw = switch.ports * USUAL["transceiver_w"].expected / 1000
    assert own.switches_mw.expected * 1000 + ports_kw <= ends(switch.power_kw)[1] * 1.01
