"""Power, energy and water of a site, by parts."""

from __future__ import annotations

from rackwright.catalog import SWITCHES, Host, Switch
from rackwright.sizing.figures import computed, ends, exact, product, total
from rackwright.sizing.network.fabric import switches_by_kind
from rackwright.sizing.site.optics import TRANSCEIVER_W
from rackwright.specs.figure import Figure
from rackwright.specs.plan import FabricPlan
from rackwright.specs.request import Cooling
from rackwright.specs.site import PowerPlan

TYPICAL_PART = Figure(
    low=0.64,
    expected=0.73,
    high=0.83,
    source="DGX H100, of 10.2 kW maximum: 7.15 kW measured on Llama 2 70B LoRA (MLPerf Training), 7.75 kW (arXiv "
    "2506.14551); low and high: 6.5-8.5 kW reported as typical",
)
"""What a host draws in training, as a part of its maximum."""

STORAGE_PART = Figure(
    low=0.01,
    expected=0.03,
    high=0.12,
    source="high: Meta's 7,500 storage servers for 24,576 GPUs (arXiv 2407.21783) at half a kilowatt each; else a "
    "judgement: studies of 100,000-GPU sites give 10 % for network and storage together",
    assumed=True,
)
"""Power of the storage, as a part of the GPU hosts'."""

MANAGEMENT_PART = Figure(
    low=0.004,
    expected=0.01,
    high=0.02,
    source="low: nine management servers and fabric managers for 127 hosts (DGX SuperPOD, NVIDIA RA-11333) at half a "
    "kilowatt each; else a judgement: with front-network and management switches",
    assumed=True,
)
"""Power of management servers and Ethernet, as a part of the GPU hosts'."""

PUE: dict[Cooling, Figure] = {
    "air": Figure(
        low=1.08,
        expected=1.25,
        high=1.58,
        source="low: Meta's sites on average; Google 1.10, AWS and Oracle 1.15, Microsoft 1.18 (Data Center Dynamics, "
        "December 2024); high: the average of all sites (Uptime Institute 2023); expected: a new site, a judgement",
    ),
    "liquid": Figure(
        low=1.05,
        expected=1.12,
        high=1.2,
        source="liquid-cooled sites 1.05-1.15, as quoted; high: what 1.59 TWh a year in a study of a 100,000-GPU site "
        "comes to over 150 MW",
    ),
    "dry": Figure(
        low=1.05,
        expected=1.18,
        high=1.35,
        source="liquid-cooled sites 1.05-1.15, as quoted, and the fans of dry coolers instead of evaporation: a "
        "judgement",
        assumed=True,
    ),
}
"""Facility power over IT power."""

WATER_L_PER_KWH: dict[Cooling, Figure] = {
    "air": Figure(
        low=0.15,
        expected=1.8,
        high=2.05,
        source="low: AWS 0.15, Microsoft 0.27, mostly outside air (their reports, in Computer Weekly); expected: the "
        "average site, as quoted; high: Memphis at 100 MW",
    ),
    "liquid": Figure(
        low=0.8,
        expected=1.37,
        high=2.05,
        source="Memphis: 1.3 million gallons a day over 150 MW (expected) or 100 MW (high); low: a cool climate, a "
        "judgement",
    ),
    "dry": Figure(low=0.0, expected=0.0, high=0.05, source="closed loops; high: filling and humidity, a judgement"),
}
"""Water use effectiveness: litres taken for each kWh of IT energy."""

EVAPORATION_L_PER_KWH = 1.48
"""Litres that take one kWh of heat away as vapour: 3.6 MJ over 2.43 MJ/kg, water's latent heat at 30 °C."""

CONCENTRATION_CYCLES = Figure(
    low=3.0, expected=5.0, high=8.0, source="usual operation of cooling towers 3-8 cycles: a judgement", assumed=True
)
"""How far salts concentrate before a tower's water is let off: C/(C − 1) litres are taken for each evaporated."""

LITRES_PER_M3 = 1000
HOURS_PER_DAY = 24
DAYS_PER_YEAR = 365.25
KW_PER_MW = 1000
W_PER_KW = 1000
W_PER_MW = 1e6
MWH_PER_GWH = 1000


def power_plan(*, host: Host, hosts: int, fabric: FabricPlan, cooling: Cooling, days: Figure) -> PowerPlan:
    """Power and water of all hosts at full load, and the energy of the run with hosts as they run in training."""
    hosts_mw = product(
        host.power_kw,
        hosts / KW_PER_MW,
        formula=f"{hosts:,} hosts × {host.power_kw.expected:g} kW",
        source=host.power_kw.source,
    )
    modules = fabric.optics
    network = {
        "switches_mw": _all_switches(fabric),
        "optics_mw": product(
            TRANSCEIVER_W,
            modules / W_PER_MW,
            formula=f"{modules:,} transceivers × {TRANSCEIVER_W.expected:g} W",
            source=TRANSCEIVER_W.source,
        ),
    }
    others = {
        "storage_mw": _part(hosts_mw, STORAGE_PART),
        "management_mw": _part(hosts_mw, MANAGEMENT_PART),
    }
    parts = {"hosts_mw": hosts_mw, **network, **others}
    it_mw = total(
        *parts.values(),
        formula=" + ".join(f"{part.expected:.3g} {name.removesuffix('_mw')}" for name, part in parts.items()),
        source="each part's own",
    )
    pue = PUE[cooling]
    cooling_mw = _cooling(it_mw, pue, cooling)
    typical_mw = product(
        TYPICAL_PART,
        hosts * host.power_kw.expected / KW_PER_MW,
        formula=f"{hosts:,} hosts × {host.power_kw.expected:g} kW × {TYPICAL_PART.expected:g}",
        source=TYPICAL_PART.source,
    )
    running = {
        # No source tells how long the hosts are at full load, so the high end is all the time.
        "hosts": typical_mw.model_copy(update={"high": hosts_mw.expected}),
        "network": total(*network.values(), formula="switches + optics", source="each part's own"),
        "storage": total(*others.values(), formula="storage + management", source="each part's own"),
    }
    running["cooling"] = _cooling(total(*running.values(), formula="hosts + network + storage"), pue, cooling)
    energy = {f"{name}_energy_gwh": _energy(power, days) for name, power in running.items()}
    facility_typical_mw = total(
        *running.values(),
        formula=" + ".join(f"{power.expected:.3g} {name}" for name, power in running.items()),
        source=f"{TYPICAL_PART.source}; {pue.source}",
    )
    facility_mw = total(
        it_mw,
        cooling_mw,
        formula=f"{it_mw.expected:.4g} MW + {cooling_mw.expected:.4g} MW cooling and losses",
        source=pue.source,
    )
    a_year = exact(DAYS_PER_YEAR, formula="days of a year")
    return PowerPlan(
        **parts,
        hosts_typical_mw=typical_mw,
        it_mw=it_mw,
        pue=pue,
        cooling_mw=cooling_mw,
        facility_mw=facility_mw,
        facility_typical_mw=facility_typical_mw,
        **energy,
        energy_gwh=total(
            *energy.values(),
            formula=" + ".join(f"{part.expected:.4g} {name.split('_')[0]}" for name, part in energy.items()),
            source="each part's own",
        ),
        energy_year_gwh=_energy(facility_typical_mw, a_year),
        **_water(it_mw, facility_mw, cooling),
    )


def _cooling(it_mw: Figure, pue: Figure, kind: Cooling) -> Figure:
    return computed(
        lambda power, factor: power * (factor - 1),
        it_mw,
        pue,
        formula=f"{it_mw.expected:.4g} MW × (PUE {pue.expected:g} − 1), {kind} cooling",
        source=pue.source,
    )


def _all_switches(fabric: FabricPlan) -> Figure:
    parts = [_switches(SWITCHES.entries[name], count) for name, count in switches_by_kind(fabric).items()]
    return total(*parts, formula=" + ".join(part.formula for part in parts), source=parts[0].source)


def _switches(switch: Switch, count: int) -> Figure:
    """Switches without the transceivers in their ports, which a data sheet's maximum holds and its minimum doesn't."""
    optics_kw = switch.ports * TRANSCEIVER_W.expected / W_PER_KW
    bare_kw = switch.power_kw.low
    own_kw = max(bare_kw or 0.0, switch.power_kw.expected - optics_kw)
    return Figure(
        expected=count * own_kw / KW_PER_MW,
        low=count * (own_kw if bare_kw is None else bare_kw) / KW_PER_MW,
        high=count * max(own_kw, ends(switch.power_kw)[1] - optics_kw) / KW_PER_MW,
        formula=f"{count:,} switches × {own_kw:.3g} kW, transceivers apart ({switch.power_kw.expected:g} kW with them)",
        source=f"{switch.power_kw.source}; {TRANSCEIVER_W.source}",
    )


def _part(hosts_mw: Figure, part: Figure) -> Figure:
    return computed(
        lambda power, fraction: power * fraction,
        hosts_mw,
        part,
        formula=f"{hosts_mw.expected:.4g} MW of hosts × {part.expected:g}",
        source=part.source,
    )


def _energy(power_mw: Figure, days: Figure) -> Figure:
    return computed(
        lambda power, time: power * time * HOURS_PER_DAY / MWH_PER_GWH,
        power_mw,
        days,
        formula=f"{power_mw.expected:.4g} MW × {days.expected:.4g} days × 24 h",
        source=power_mw.source,
    )


def _water(it_mw: Figure, facility_mw: Figure, cooling: Cooling) -> dict[str, Figure]:
    litres = WATER_L_PER_KWH[cooling]
    if cooling == "dry":
        bound = exact(0.0, formula="nothing evaporates in dry coolers")
    else:
        bound = computed(
            lambda power, cycles: (
                power * KW_PER_MW * HOURS_PER_DAY * EVAPORATION_L_PER_KWH * cycles / (cycles - 1) / LITRES_PER_M3
            ),
            facility_mw,
            CONCENTRATION_CYCLES,
            formula=f"{facility_mw.expected:.4g} MW × 24 h × {EVAPORATION_L_PER_KWH} l/kWh × C/(C − 1), C = "
            f"{CONCENTRATION_CYCLES.expected:g} cycles of concentration",
            source=f"latent heat of water; {CONCENTRATION_CYCLES.source}",
        )
    return {
        "water_l_per_kwh": litres,
        "water_m3_per_day": computed(
            lambda power, each: power * KW_PER_MW * HOURS_PER_DAY * each / LITRES_PER_M3,
            it_mw,
            litres,
            formula=f"{it_mw.expected:.4g} MW of IT × 24 h × {litres.expected:g} l/kWh",
            source=litres.source,
        ),
        "water_bound_m3_per_day": bound,
    }
