"""A plan as tables for people: one for each subject, every figure with its unit and range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from pydantic import BaseModel
from rich.console import Group
from rich.table import Table
from rich.text import Text

from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.operation import FailureCause, LevelSpares, PublishedFailures, TransferLevel
from rackwright.specs.plan import Plan, SearchPlan, TierCables
from rackwright.specs.site import DeliveryPhase

UNITS = {
    "flops_per_token": "FLOP/token",
    "tokens_per_s_per_gpu": "tokens/s/GPU",
    "tokens_per_s": "tokens/s",
    "tokens_per_step": "tokens",
    "usd_per_gpu_h": "USD/GPU/h",
    "usd_per_gpu": "USD/GPU",
    "l_per_kwh": "l/kWh",
    "m3_per_day": "m³/day",
    "per_technician_day": "/person/day",
    "usd_per_kwh": "USD/kWh",
    "ms_per_gpu": "ms/GPU",
    "per_host_day": "/host/day",
    "per_day": "/day",
    "per_week": "/week",
    "months": "months",
    "gb_s": "GB/s",
    "tbit_s": "Tbit/s",
    "days": "days",
    "gwh": "GWh",
    "usd": "USD",
    "mw": "MW",
    "gb": "GB",
    "tb": "TB",
    "s": "s",
    "h": "h",
}
"""The unit that ends a field's name, longest first, and how people write it."""

FRACTIONS = frozenset({"mfu", "goodput", "share"})
"""Figures shown as a percentage."""

SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
"""Words for large numbers."""

LARGE = 100
"""From here on, decimals say nothing."""

SHOWN_SHARE = 0.05
"""Part of all failures from which a cause is shown; --json has them all."""

PARTS = (
    ("model", "Model"),
    ("hosts", "Hosts"),
    ("parallelism", "Parallelism"),
    ("memory", "Memory of one GPU"),
    ("step", "One step"),
    ("run", "The run"),
    ("reliability", "Reliability"),
    ("fabric", "Fabric"),
    ("storage", "Storage"),
    ("transfer", "Moving the model, at 4 bytes a parameter"),
    ("power", "Power and water"),
    ("cost", "Cost"),
    ("delivery", "Delivery, were it bought and built"),
)
"""The plan's parts in the order of reading, with their titles."""


def plan_tables(plan: Plan) -> Group:
    """The whole plan, with how it was found, and warnings last."""
    table = Table(show_edge=False, pad_edge=False, box=None, show_header=False)
    for column in ("figure", "value", "unit", "range"):
        table.add_column(column, justify="right" if column == "value" else "left", overflow="fold")
    for name, title in PARTS:
        table.add_row(Text(title, style="bold"))
        for row in _rows(getattr(plan, name)):
            table.add_row(Text(f"  {row.label}"), Text(row.value), Text(row.unit), Text(row.span, style="dim"))
    search = [Text("The search", style="bold"), *(Text(f"  {line}") for line in _search_lines(plan.search))]
    warnings = [Text.assemble(("! ", "bold yellow"), warning) for warning in plan.warnings]
    if warnings:
        warnings.insert(0, Text("What breaks first", style="bold"))
    return Group(table, *search, *warnings)


def _search_lines(search: SearchPlan) -> Iterator[str]:
    without_memory = search.refused_by_memory / search.layouts
    yield f"the best of {search.layouts:,} valid layouts; {without_memory:.0%} of them don't fit into memory"
    yield f"limited by {search.limited_by}"
    if search.runner_up is not None:
        yield f"runner-up: {search.runner_up_lost}"
    if search.more_memory:
        yield f"with more memory: {search.more_memory}"


def split_unit(field: str) -> tuple[str, str]:
    """A field's name in words, and its unit: `write_bandwidth_gb_s` becomes `write bandwidth` and `GB/s`."""
    for suffix, unit in UNITS.items():
        if field == suffix:
            return field.replace("_", " "), unit
        if field.endswith(f"_{suffix}"):
            return field.removesuffix(f"_{suffix}").replace("_", " "), unit
    return field.replace("_", " "), ""


def number(value: float) -> str:
    """A number for people: four digits, words from a million on."""
    for scale, word in SCALES:
        if abs(value) >= scale:
            return f"{value / scale:,.4g} {word}"
    if abs(value) >= LARGE or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


@dataclass(frozen=True)
class _Row:
    label: str
    value: str
    unit: str = ""
    span: str = ""


def _rows(part: BaseModel) -> Iterator[_Row]:
    for field, value in part:
        label, unit = split_unit(field)
        if isinstance(value, Figure):
            unit = "" if field in FRACTIONS else unit
            yield _Row(label, _shown(value.expected, field), unit, _span(value, field))
        elif isinstance(value, Unknown):
            yield _Row(label, "unknown", "", value.unknown)
        elif isinstance(value, bool):
            yield _Row(label, "yes" if value else "no")
        elif isinstance(value, int):
            yield _Row(label, f"{value:,}", unit)
        elif isinstance(value, str | date):
            yield _Row(label, str(value))
        elif isinstance(value, tuple):
            yield from map(_entry, filter(_told, value))


def _told(entry: object) -> bool:
    """Whether an entry of a list is shown: all but rare causes, phases that take no time, and ranks."""
    if isinstance(entry, FailureCause):
        return entry.share.expected >= SHOWN_SHARE
    if isinstance(entry, DeliveryPhase):
        return entry.ends_days.expected > 0
    return isinstance(entry, PublishedFailures | LevelSpares | TransferLevel | TierCables | FabricLevel)


def _entry(entry: object) -> _Row:
    """One row for an entry of a list."""
    return _fabric_row(entry) if isinstance(entry, TierCables | FabricLevel) else _figure_entry(entry)


def _figure_entry(entry: object) -> _Row:
    match entry:
        case FailureCause():
            return _figure_row(f"  {entry.cause}", entry.share, "share")
        case PublishedFailures():
            return _figure_row(f"  at {entry.cluster}'s rate", entry.failures_per_day, "failures_per_day")
        case LevelSpares():
            each = f"  spares of each {entry.level} ({entry.domains:,} of {entry.domain_hosts:,} hosts)"
            return _figure_row(each, entry.spares, "spares")
        case TransferLevel(transfer_s=Unknown() as unknown):
            return _Row(entry.level, "unknown", "", unknown.unknown)
        case TransferLevel(transfer_s=Figure() as seconds):
            return _figure_row(entry.level, seconds, "transfer_s")
        case DeliveryPhase():
            row = _figure_row(f"  {entry.phase} ends", entry.ends_days, "ends_days")
            return replace(row, span=f"{row.span}  {entry.ends}") if entry.ends else row
    raise TypeError(f"no row for {type(entry).__name__}")


def _fabric_row(entry: TierCables | FabricLevel) -> _Row:
    if isinstance(entry, TierCables):
        kinds = f"{entry.copper:,} copper, {entry.optical:,} optical"
        return _Row(f"  cables below the {entry.tier} tier", f"{entry.copper + entry.optical:,}", "", kinds)
    narrowed = f", {entry.oversubscription:.3g}:1 above" if entry.oversubscription > 1 else ""
    return _Row(f"  level {entry.name}", f"{entry.hosts:,}", "hosts", f"{entry.node_label}{narrowed}")


def _figure_row(label: str, figure: Figure, field: str) -> _Row:
    unit = "" if field in FRACTIONS else split_unit(field)[1]
    return _Row(label, _shown(figure.expected, field), unit, _span(figure, field))


def _shown(value: float, field: str) -> str:
    return f"{value:.1%}" if field in FRACTIONS else number(value)


def _span(figure: Figure, field: str) -> str:
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return ""
    return f"{_shown(figure.low, field)} – {_shown(figure.high, field)}"
