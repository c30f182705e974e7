"""Power, energy and water of a site, by parts."""

from __future__ import annotations

from rackwright.catalog import SWITCHES, Host, Switch
from rackwright.sizing.figures import PlanningFigures, computed, ends, exact, product, total
from rackwright.sizing.network.fabric import switches_by_kind
from rackwright.sizing.units import (
    DAYS_PER_YEAR,
    HOURS_PER_DAY,
    KW_PER_MW,
    LITRES_PER_M3,
    MWH_PER_GWH,
    W_PER_KW,
    W_PER_MW,
)
from rackwright.specs.figure import Figure
from rackwright.specs.plan import FabricPlan
from rackwright.specs.request import Cooling
from rackwright.specs.site import PowerPlan

EVAPORATION_L_PER_KWH = 1.48
"""Litres that take one kWh of heat away as vapour: 3.6 MJ over 2.43 MJ/kg, water's latent heat at 30 °C."""


def power_plan(
    *, host: Host, hosts: int, fabric: FabricPlan, cooling: Cooling, days: Figure, figures: PlanningFigures
) -> PowerPlan:
    """Power and water of all hosts at full load, and the energy of the run with hosts as they run in training."""
    hosts_mw = product(
        host.power_kw,
        hosts / KW_PER_MW,
        formula=f"{hosts:,} hosts × {host.power_kw.expected:g} kW",
        source=host.power_kw.source,
    )
    modules, transceiver_w = fabric.optics, figures["transceiver_w"]
    network = {
        "switches_mw": _all_switches(fabric, transceiver_w),
        "optics_mw": product(
            transceiver_w,
            modules / W_PER_MW,
            formula=f"{modules:,} transceivers × {transceiver_w.expected:g} W",
            source=transceiver_w.source,
        ),
    }
    others = {
        "storage_mw": _part(hosts_mw, figures["storage_power_part"]),
        "management_mw": _part(hosts_mw, figures["management_power_part"]),
    }
    parts = {"hosts_mw": hosts_mw, **network, **others}
    it_mw = total(
        *parts.values(),
        formula=" + ".join(f"{part.expected:.3g} {name.removesuffix('_mw')}" for name, part in parts.items()),
        source="each part's own",
    )
    pue, typical_part = figures[f"pue_{cooling}"], figures["typical_power_part"]
    cooling_mw = _cooling(it_mw, pue, cooling)
    typical_mw = product(
        typical_part,
        hosts * host.power_kw.expected / KW_PER_MW,
        formula=f"{hosts:,} hosts × {host.power_kw.expected:g} kW × {typical_part.expected:g}",
        source=typical_part.source,
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
        source=f"{typical_part.source}; {pue.source}",
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
        **_water(it_mw, facility_mw, cooling, figures),
    )


def _cooling(it_mw: Figure, pue: Figure, kind: Cooling) -> Figure:
    return computed(
        lambda power, factor: power * (factor - 1),
        it_mw,
        pue,
        formula=f"{it_mw.expected:.4g} MW × (PUE {pue.expected:g} − 1), {kind} cooling",
        source=pue.source,
    )


def _all_switches(fabric: FabricPlan, transceiver_w: Figure) -> Figure:
    parts = [
        _switches(SWITCHES.entries[name], count, transceiver_w) for name, count in switches_by_kind(fabric).items()
    ]
    return total(*parts, formula=" + ".join(part.formula for part in parts), source=parts[0].source)


def _switches(switch: Switch, count: int, transceiver_w: Figure) -> Figure:
    """Switches without the transceivers in their ports, which a data sheet's maximum holds and its minimum doesn't."""
    optics_kw = switch.ports * transceiver_w.expected / W_PER_KW
    bare_kw = switch.power_kw.low
    own_kw = max(bare_kw or 0.0, switch.power_kw.expected - optics_kw)
    return Figure(
        expected=count * own_kw / KW_PER_MW,
        low=count * (own_kw if bare_kw is None else bare_kw) / KW_PER_MW,
        high=count * max(own_kw, ends(switch.power_kw)[1] - optics_kw) / KW_PER_MW,
        formula=f"{count:,} switches × {own_kw:.3g} kW, transceivers apart ({switch.power_kw.expected:g} kW with them)",
        source=f"{switch.power_kw.source}; {transceiver_w.source}",
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


def _water(it_mw: Figure, facility_mw: Figure, cooling: Cooling, figures: PlanningFigures) -> dict[str, Figure]:
    litres, cycles_of_salt = figures[f"water_{cooling}_l_per_kwh"], figures["concentration_cycles"]
    if cooling == "dry":
        bound = exact(0.0, formula="nothing evaporates in dry coolers")
    else:
        bound = computed(
            lambda power, cycles: (
                power * KW_PER_MW * HOURS_PER_DAY * EVAPORATION_L_PER_KWH * cycles / (cycles - 1) / LITRES_PER_M3
            ),
            facility_mw,
            cycles_of_salt,
            formula=f"{facility_mw.expected:.4g} MW × 24 h × {EVAPORATION_L_PER_KWH} l/kWh × C/(C − 1), C = "
            f"{cycles_of_salt.expected:g} cycles of concentration",
            source=f"latent heat of water; {cycles_of_salt.source}",
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
