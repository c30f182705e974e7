"""Money: capital by parts, rent, electricity, and what an owned GPU-hour comes to."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import SWITCHES, Host
from rackwright.sizing.figures import PlanningFigures, computed, given, given_or, product, stated, total
from rackwright.sizing.network.fabric import switches_by_kind
from rackwright.sizing.units import HOURS_PER_DAY, HOURS_PER_MONTH, KW_PER_MW, KWH_PER_GWH, MONTHS_PER_YEAR
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.operation import StoragePlan
from rackwright.specs.plan import FabricPlan
from rackwright.specs.site import CostPlan, PowerPlan
from rackwright.specs.terms import MoneyTerms

BUILDING_UNKNOWN = Unknown(
    unknown="not known: it depends on the site; give money.building_usd_per_mw (10-15 million dollars a MW of IT in "
    "Turner & Townsend, Data centre construction cost index 2025-2026, 7-10 % more for AI)"
)


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What is bought or rented."""

    host: Host
    hosts: int
    fabric: FabricPlan
    storage: StoragePlan
    power: PowerPlan
    days: Figure
    """Of the run."""

    @property
    def gpus(self) -> int:
        """All GPUs, spares included."""
        return self.hosts * self.host.gpus_per_host


def cost_plan(bought: Bought, *, terms: MoneyTerms, figures: PlanningFigures) -> CostPlan:
    """Capital, rent, electricity and what owning comes to."""
    parts = _capital_parts(bought, figures)
    building = _building(bought.power.it_mw, terms)
    known = [*parts.values(), building] if isinstance(building, Figure) else list(parts.values())
    capital = total(
        *known,
        formula=" + ".join(f"{part.expected:,.0f} USD {name.removesuffix('_usd')}" for name, part in parts.items())
        + ("" if isinstance(building, Unknown) else f" + {building.expected:,.0f} USD building"),
        source="each part's own; 47,000-52,000 dollars a GPU, building apart (H100 Freakonomics, August 2024)",
    )
    price = given_or(
        terms.electricity_usd_per_kwh, figures["electricity_usd_per_kwh"], field="money.electricity_usd_per_kwh"
    )
    rent = given_or(terms.rent_usd_per_gpu_h, stated(bought.host.rent_usd_per_gpu_h), field="money.rent_usd_per_gpu_h")
    term_h = terms.term_months * HOURS_PER_MONTH
    electricity_term = computed(
        lambda power, rate: power * KW_PER_MW * term_h * rate,
        bought.power.facility_typical_mw,
        price,
        formula=f"{bought.power.facility_typical_mw.expected:.4g} MW × {terms.term_months:g} months × 730.5 h × "
        f"{price.expected:g} USD/kWh",
        source=price.source,
    )
    upkeep_part = figures["upkeep_part_per_year"]
    upkeep_term = computed(
        lambda money, part: money * part * terms.term_months / MONTHS_PER_YEAR,
        capital,
        upkeep_part,
        formula=f"{capital.expected:,.0f} USD × {upkeep_part.expected:g} × {terms.term_months:g} months / 12",
        source=upkeep_part.source,
    )
    written_off = product(
        capital,
        terms.term_months / MONTHS_PER_YEAR / terms.depreciation_years,
        formula=f"{terms.term_months:g} months of {terms.depreciation_years:g} years",
    )
    owned_term = total(
        written_off,
        electricity_term,
        upkeep_term,
        formula=f"{written_off.expected:,.0f} USD written off in {terms.term_months:g} of "
        f"{terms.depreciation_years * MONTHS_PER_YEAR:g} months + {electricity_term.expected:,.0f} USD electricity + "
        f"{upkeep_term.expected:,.0f} USD upkeep",
        source="straight-line depreciation; years and term: the request's or assumed",
    )
    owned_h = product(
        owned_term,
        1 / (bought.gpus * term_h),
        formula=f"{owned_term.expected:,.0f} USD / ({bought.gpus:,} GPUs × {terms.term_months:g} months × 730.5 h)",
        source=owned_term.source,
    )
    return CostPlan(
        **parts,
        building_usd=building,
        capital_usd=capital,
        capital_usd_per_gpu=product(
            capital,
            1 / bought.gpus,
            formula=f"{capital.expected:,.0f} USD / {bought.gpus:,} GPUs",
            source=capital.source,
        ),
        rent_usd_per_gpu_h=rent,
        rent_usd=_over_run(rent, bought),
        rent_term_usd=product(
            rent,
            bought.gpus * term_h,
            formula=f"{bought.gpus:,} GPUs × {terms.term_months:g} months × 730.5 h × {rent.expected:g} USD",
            source=rent.source,
        ),
        electricity_usd=computed(
            lambda energy, rate: energy * KWH_PER_GWH * rate,
            bought.power.energy_gwh,
            price,
            formula=f"{bought.power.energy_gwh.expected:.4g} GWh × {price.expected:g} USD/kWh",
            source=price.source,
        ),
        electricity_term_usd=electricity_term,
        upkeep_term_usd=upkeep_term,
        owned_usd=_over_run(owned_h, bought),
        owned_term_usd=owned_term,
        owned_usd_per_gpu_h=owned_h,
        break_even_months=_break_even(
            capital, rent=rent, running=total(electricity_term, upkeep_term, formula=""), gpus=bought.gpus, terms=terms
        ),
    )


def _capital_parts(bought: Bought, figures: PlanningFigures) -> dict[str, Figure]:
    hosts_usd = product(
        stated(bought.host.capital_usd),
        bought.hosts,
        formula=f"{bought.hosts:,} hosts × {bought.host.capital_usd.expected:,.0f} USD",
        source=bought.host.capital_usd.source,
    )
    modules, cables = bought.fabric.optics, bought.fabric.cables
    transceiver_usd, cable_usd = figures["transceiver_usd"], figures["cable_usd"]
    other_part = figures["other_capital_part"]
    return {
        "hosts_usd": hosts_usd,
        "switches_usd": _switches(bought.fabric),
        "optics_usd": computed(
            lambda module, cable: modules * module + cables * cable,
            transceiver_usd,
            cable_usd,
            formula=f"{modules:,} transceivers × {transceiver_usd.expected:g} USD + {cables:,} cables × "
            f"{cable_usd.expected:g} USD",
            source=f"{transceiver_usd.source}; {cable_usd.source}",
        ),
        "storage_usd": _storage(bought.storage, figures),
        "other_usd": computed(
            lambda money, part: money * part,
            hosts_usd,
            other_part,
            formula=f"{hosts_usd.expected:,.0f} USD of hosts × {other_part.expected:g}",
            source=other_part.source,
        ),
    }


def _switches(fabric: FabricPlan) -> Figure:
    parts = [
        product(
            stated(SWITCHES.entries[name].capital_usd),
            count,
            formula=f"{count:,} switches × {SWITCHES.entries[name].capital_usd.expected:,.0f} USD",
            source=SWITCHES.entries[name].capital_usd.source,
        )
        for name, count in switches_by_kind(fabric).items()
    ]
    return total(*parts, formula=" + ".join(part.formula for part in parts), source=parts[0].source)


def _storage(storage: StoragePlan, figures: PlanningFigures) -> Figure:
    server_gb_s, server_tb = figures["storage_server_gb_s"], figures["storage_server_tb"]
    server_usd = figures["storage_server_usd"]
    return computed(
        lambda rate, capacity, each_gb_s, each_tb, price: max(rate / each_gb_s, capacity / each_tb) * price,
        storage.write_bandwidth_gb_s,
        storage.capacity_tb,
        server_gb_s,
        server_tb,
        server_usd,
        formula=f"the greater of {storage.write_bandwidth_gb_s.expected:,.4g} GB/s / {server_gb_s.expected:g} and "
        f"{storage.capacity_tb.expected:,.4g} TB / {server_tb.expected:g} servers × {server_usd.expected:,} USD",
        source=server_usd.source,
    )


def _building(it_mw: Figure, terms: MoneyTerms) -> Figure | Unknown:
    if terms.building_usd_per_mw is None:
        return BUILDING_UNKNOWN
    each = given(terms.building_usd_per_mw, field="money.building_usd_per_mw")
    return computed(
        lambda power, price: power * price,
        it_mw,
        each,
        formula=f"{it_mw.expected:.4g} MW of IT × {each.expected:,.0f} USD",
        source=each.source,
    )


def _over_run(hourly: Figure, bought: Bought) -> Figure:
    return computed(
        lambda rate, time: rate * bought.gpus * time * HOURS_PER_DAY,
        hourly,
        bought.days,
        formula=f"{bought.gpus:,} GPUs × {bought.days.expected:.4g} days × 24 h × {hourly.expected:.4g} USD",
        source=hourly.source,
    )


def _break_even(capital: Figure, *, rent: Figure, running: Figure, gpus: int, terms: MoneyTerms) -> Figure | Unknown:
    """Months after which the saved rent has paid for the machine; unknown while running it costs more than renting."""

    def months(money: float, hourly: float, over_term: float) -> float:
        saved = hourly * gpus * HOURS_PER_MONTH - over_term / terms.term_months
        return money / saved if saved > 0 else float("inf")

    reached = computed(
        months,
        capital,
        rent,
        running,
        formula=f"{capital.expected:,.0f} USD / ({rent.expected:g} USD × {gpus:,} GPUs × 730.5 h − "
        f"{running.expected / terms.term_months:,.0f} USD to run it) a month",
        source=f"{rent.source}; {capital.source}",
    )
    if reached.expected == float("inf"):
        return Unknown(unknown="never: running the machine costs more than renting it")
    if reached.high == float("inf"):
        return reached.model_copy(
            update={"high": None, "exact_because": "no high end: at the least rent, owning never pays"}
        )
    return reached
