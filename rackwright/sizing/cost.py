"""Money."""

from __future__ import annotations

from rackwright.catalog import Host, Switch
from rackwright.sizing.figures import computed
from rackwright.specs.figure import Figure
from rackwright.specs.plan import CostPlan

ELECTRICITY_USD_PER_KWH = Figure(
    low=0.064,
    expected=0.078,
    high=0.12,
    source="123.9 million dollars for 1.59 TWh in a study of a 100,000-GPU site; low: the Memphis site's reported "
    "bill; high: judgement",
)
"""Price of electricity."""

OTHER_CAPITAL_PART = Figure(
    low=0.10,
    expected=0.18,
    high=0.25,
    source="47,000-52,000 dollars a GPU all in, against 310,000 a host (published cost study): cables, optics, "
    "storage, management",
)
"""Capital besides hosts and switches, as a part of the hosts'."""

HOURS_PER_DAY = 24
KWH_PER_GWH = 1e6


def cost_plan(*, host: Host, hosts: int, switch: Switch, switches: int, days: Figure, energy_gwh: Figure) -> CostPlan:
    """Rent or capital, and electricity."""
    gpus = hosts * host.gpus_per_host
    rent = host.rent_usd_per_gpu_h
    price = ELECTRICITY_USD_PER_KWH
    other = OTHER_CAPITAL_PART
    return CostPlan(
        rent_usd_per_gpu_h=rent,
        rent_usd=computed(
            lambda rate, time: rate * gpus * time * HOURS_PER_DAY,
            rent,
            days,
            formula=f"{gpus:,} GPUs × {days.expected:.4g} days × 24 h × {rent.expected:g} USD",
            source=rent.source,
        ),
        capital_usd=computed(
            lambda one, part, ports: hosts * one * (1 + part) + switches * ports,
            host.capital_usd,
            other,
            switch.capital_usd,
            formula=f"{hosts:,} hosts × {host.capital_usd.expected:,.0f} USD × (1 + {other.expected:g}) + "
            f"{switches:,} switches × {switch.capital_usd.expected:,.0f} USD",
            source=f"{host.capital_usd.source}; {other.source}; {switch.capital_usd.source}",
        ),
        electricity_usd=computed(
            lambda energy, rate: energy * KWH_PER_GWH * rate,
            energy_gwh,
            price,
            formula=f"{energy_gwh.expected:.4g} GWh × {price.expected:g} USD/kWh",
            source=price.source,
        ),
    )
