"""The terms of a request: what is known of one's own storage, failures, delivery and prices.

All of it is optional: what isn't given comes from published ranges, and what is given replaces them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from rackwright.specs.base import Spec

Positive = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]
Checkpoints = Literal["sync", "async"]
Recompute = Literal["none", "selective", "full"]

RECOMPUTES: tuple[Recompute, ...] = ("none", "selective", "full")
"""From what costs most memory to what costs most time."""


class ParallelismTerms(Spec):
    """How the model shall be split; what is unset is searched for."""

    tensor: PositiveInt | None = None
    """Ranks that share each matrix product."""
    context: PositiveInt | None = None
    """Ranks that share each sequence."""
    pipeline: PositiveInt | None = None
    """Stages that the layers are split into."""
    virtual_pipeline: PositiveInt | None = None
    """Model chunks on each stage (interleaved schedule)."""
    expert: PositiveInt | None = None
    """Ranks that the experts are split over."""
    expert_tensor: PositiveInt | None = None
    """Ranks that share each matrix product of an expert."""
    recompute: Recompute | None = None
    """What of the activations is computed again rather than kept."""

    @property
    def given(self) -> dict[str, int]:
        """What is set, by the names of a layout's columns; `recompute` as the index into `RECOMPUTES`."""
        values = {name: value for name, value in self if value is not None}
        return {name: RECOMPUTES.index(value) if name == "recompute" else value for name, value in values.items()}


class StorageTerms(Spec):
    """Checkpoints and the storage that takes them."""

    checkpoints: Checkpoints = "sync"
    """`sync`: training stops until a checkpoint is written. `async`: only until it is copied to the hosts' memory."""
    write_gb_s: Positive | None = None
    """What the storage takes, 10^9 bytes a second from all hosts together; unset: what the stall budget asks for."""
    read_gb_s: Positive | None = None
    """What the storage gives; unset: as much as it takes."""
    stall_budget_s: Positive | None = None
    """Seconds that a checkpoint may take to be written; unset: a usual range."""
    keep_last: Annotated[int, Field(ge=1)] = 10
    """The latest checkpoints, all kept."""
    keep_every_days: Positive | None = None
    """One checkpoint in so many days is kept for good; unset: none."""
    milestones: Annotated[int, Field(ge=0)] = 0
    """Checkpoints kept for good besides."""


class ReliabilityTerms(Spec):
    """Failures and repairs."""

    failures_per_host_day: Positive | None = None
    """One's own rate of failures that stop a job; unset: the published ones."""
    restart_s: Positive | None = None
    """One's own time from a failure to the next step, reading the checkpoint included; unset: the sum of its parts."""
    repair_days: Positive | None = None
    """Days until a failed host is back; unset: a usual range."""
    spare_confidence: Annotated[float, Field(gt=0, lt=1)] = 0.99
    """Probability with which the spares suffice at any moment. Assumed."""


class DeliveryTerms(Spec):
    """How the machine comes to be."""

    start_date: date | None = None
    """Day of the order, from which the schedule counts; unset: it counts days alone."""
    site_ready_days: NotNegative = 0.0
    """Days until the site has power and cooling; 0: it has them."""
    lead_days: NotNegative | None = None
    """Days until the first hosts arrive, as the vendor quotes; unset: a published range."""
    vendors: Annotated[int, Field(ge=1)] = 1
    """Vendors that deliver hosts side by side."""
    hosts_per_week: Positive | None = None
    """Hosts a week from each vendor; unset: a range from a published delivery."""
    technicians: Annotated[int, Field(ge=1)] | None = None
    """People who rack and cable; unset: one for 50 hosts, at least four. Assumed."""
    first_hosts: Annotated[int, Field(ge=1)] | None = None
    """Hosts with which training starts; unset: the largest domain of the fabric that isn't all of it."""


class MoneyTerms(Spec):
    """Prices and terms, in US dollars."""

    term_months: Positive = 36.0
    """How long the machine is rented, or owned until compared with renting. Assumed."""
    depreciation_years: Positive = 4.0
    """Years over which a bought machine is written off. Assumed."""
    rent_usd_per_gpu_h: Positive | None = None
    """One's own quote; unset: the catalogue's range for the host."""
    electricity_usd_per_kwh: Positive | None = None
    """One's own tariff; unset: a published range."""
    building_usd_per_mw: Positive | None = None
    """Building, power and cooling plant for each MW of IT; unset: unknown, and left out of the capital."""
