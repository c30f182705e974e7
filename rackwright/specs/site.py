"""What a plan says of the site: power and water, money, delivery."""

from __future__ import annotations

from datetime import date

from rackwright.specs.base import Spec
from rackwright.specs.figure import Figure, Unknown


class PowerPlan(Spec):
    """Power, energy and water of all hosts of the pool."""

    hosts_mw: Figure
    """At full load."""
    hosts_typical_mw: Figure
    """As measured in training."""
    switches_mw: Figure
    optics_mw: Figure
    storage_mw: Figure
    management_mw: Figure
    it_mw: Figure
    """The sum of them, hosts at full load."""
    pue: Figure
    cooling_mw: Figure
    """Cooling, and losses in power's distribution."""
    facility_mw: Figure
    """At full load: what the site must be able to give."""
    facility_typical_mw: Figure
    """With hosts as they run in training, at full load at the most: what it takes on average."""
    hosts_energy_gwh: Figure
    network_energy_gwh: Figure
    storage_energy_gwh: Figure
    """Storage and management."""
    cooling_energy_gwh: Figure
    energy_gwh: Figure
    """Over the run, the sum of the four, hosts as they run in training."""
    energy_year_gwh: Figure
    """Were the machine to train for a year."""
    water_l_per_kwh: Figure
    """Litres for each kWh of IT energy."""
    water_m3_per_day: Figure
    water_bound_m3_per_day: Figure
    """Were all heat to leave by evaporation, blow-down included; nothing that cools with water needs more."""


class CostPlan(Spec):
    """Money for all hosts of the pool."""

    hosts_usd: Figure
    switches_usd: Figure
    optics_usd: Figure
    """Transceivers and cables of the RDMA fabric."""
    storage_usd: Figure
    """What this run asks for."""
    other_usd: Figure
    """Management, front network, racks, freight."""
    building_usd: Figure | Unknown
    capital_usd: Figure
    """The whole pool bought: the sum of the parts that are known."""
    capital_usd_per_gpu: Figure
    rent_usd_per_gpu_h: Figure
    rent_usd: Figure
    """The whole pool rented for the run."""
    rent_term_usd: Figure
    """The whole pool rented for the term."""
    electricity_usd: Figure
    """Over the run."""
    electricity_term_usd: Figure
    upkeep_term_usd: Figure
    """Staff, spare parts and support over the term."""
    owned_usd: Figure
    """The run's share of owning: depreciation, electricity, upkeep."""
    owned_term_usd: Figure
    """Depreciation, electricity and upkeep over the term."""
    owned_usd_per_gpu_h: Figure
    break_even_months: Figure | Unknown
    """From when on owning is cheaper than renting."""


class DeliveryPhase(Spec):
    """One phase of the delivery; days count from the order."""

    phase: str
    starts_days: Figure
    ends_days: Figure
    starts: date | None = None
    ends: date | None = None
    """As expected; unset without a start date."""


class DeliveryPlan(Spec):
    """From the order to training on all GPUs."""

    hosts_per_week: Figure
    """From all vendors together."""
    phases: tuple[DeliveryPhase, ...]
    burn_in_failed_hosts: Figure
    limited_by: str
    """The slowest phase."""
    first_gpus: int
    """GPUs with which training starts."""
    first_gpus_train_days: Figure
    all_gpus_train_days: Figure
    trained_days: Figure
    """Until the model is trained, the first GPUs doing what they can until all have come."""
    first_gpus_train: date | None = None
    all_gpus_train: date | None = None
    trained: date | None = None
    """As expected; unset without a start date."""
