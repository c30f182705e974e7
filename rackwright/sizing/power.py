"""Power and water of a site."""

from __future__ import annotations

from rackwright.catalog import Host, Switch
from rackwright.sizing.fabric import FatTree
from rackwright.sizing.figures import computed, product
from rackwright.specs.figure import Figure
from rackwright.specs.plan import PowerPlan
from rackwright.specs.request import Cooling

STORAGE_AND_MANAGEMENT_PART = Figure(
    low=0.03,
    expected=0.05,
    high=0.10,
    source="studies of 100,000-GPU sites give about 10 % for network and storage together; without the network: "
    "judgement",
    assumed=True,
)
"""Power of storage and management hosts, as a part of the GPU hosts'."""

PUE: dict[Cooling, Figure] = {
    "air": Figure(
        low=1.2,
        expected=1.35,
        high=1.56,
        source="industry average 1.56 (Uptime Institute survey, as quoted); expected for a new site: judgement",
    ),
    "liquid": Figure(low=1.05, expected=1.1, high=1.15, source="liquid-cooled sites 1.05-1.15, as quoted"),
}
"""Facility power over IT power."""

WATER_L_PER_KWH: dict[Cooling, Figure] = {
    "air": Figure(low=0.0, expected=1.8, high=2.05, source="average site 1.8 l/kWh, as quoted; none with dry coolers"),
    "liquid": Figure(
        low=0.0,
        expected=1.37,
        high=2.05,
        source="Memphis: 1.3 million gallons a day over 150 MW (expected) or 100 MW (high); none with dry coolers",
    ),
}
"""Water use effectiveness: litres evaporated for each kWh of IT energy, with cooling towers."""

LITRES_PER_M3 = 1000
HOURS_PER_DAY = 24
KW_PER_MW = 1000
MWH_PER_GWH = 1000


def power_plan(*, host: Host, hosts: int, switch: Switch, tree: FatTree, cooling: Cooling, days: Figure) -> PowerPlan:
    """Power and water of all hosts at full load, and the energy of the run."""
    hosts_mw = product(host.power_kw, hosts / KW_PER_MW, formula=f"{hosts:,} hosts × {host.power_kw.expected:g} kW")
    network_mw = product(switch.power_kw, tree.switches / KW_PER_MW, formula=f"{tree.switches:,} switches")
    other = STORAGE_AND_MANAGEMENT_PART
    it_mw = computed(
        lambda one, two, part: one * (1 + part) + two,
        hosts_mw,
        network_mw,
        other,
        formula=f"{hosts_mw.expected:.3g} MW × (1 + {other.expected:g}) + {tree.switches:,} switches × "
        f"{switch.power_kw.expected:g} kW",
        source=f"{host.power_kw.source}; {switch.power_kw.source}; {other.source}",
    )
    pue = PUE[cooling]
    water = WATER_L_PER_KWH[cooling]
    facility_mw = computed(
        lambda power, factor: power * factor,
        it_mw,
        pue,
        formula=f"{it_mw.expected:.4g} MW × PUE {pue.expected:g} ({cooling} cooling)",
        source=pue.source,
    )
    return PowerPlan(
        hosts_mw=hosts_mw.model_copy(update={"source": host.power_kw.source}),
        it_mw=it_mw,
        facility_mw=facility_mw,
        energy_gwh=computed(
            lambda power, time: power * time * HOURS_PER_DAY / MWH_PER_GWH,
            facility_mw,
            days,
            formula=f"{facility_mw.expected:.4g} MW × {days.expected:.4g} days × 24 h",
        ),
        water_m3_per_day=computed(
            lambda power, litres: power * KW_PER_MW * HOURS_PER_DAY * litres / LITRES_PER_M3,
            it_mw,
            water,
            formula=f"{it_mw.expected:.4g} MW × 24 h × {water.expected:g} l/kWh",
            source=water.source,
        ),
    )
