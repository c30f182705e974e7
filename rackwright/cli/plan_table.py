"""A plan as tables for people: one for each subject, every figure with its unit and range."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from rich.console import Group
from rich.table import Table
from rich.text import Text

from rackwright.specs.figure import Figure
from rackwright.specs.plan import Plan

UNITS = {
    "flops_per_token": "FLOP/token",
    "tokens_per_s_per_gpu": "tokens/s/GPU",
    "tokens_per_s": "tokens/s",
    "tokens_per_step": "tokens",
    "usd_per_gpu_h": "USD/GPU/h",
    "m3_per_day": "m³/day",
    "per_host_day": "/host/day",
    "per_day": "/day",
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

FRACTIONS = frozenset({"mfu", "goodput"})
"""Figures shown as a percentage."""

SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
"""Words for large numbers."""

LARGE = 100
"""From here on, decimals say nothing."""

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
    ("power", "Power and water"),
    ("cost", "Cost"),
)
"""The plan's parts in the order of reading, with their titles."""


def plan_tables(plan: Plan) -> Group:
    """The whole plan, warnings last."""
    table = Table(show_edge=False, pad_edge=False, box=None, show_header=False)
    for column in ("figure", "value", "unit", "range"):
        table.add_column(column, justify="right" if column == "value" else "left", overflow="fold")
    for name, title in PARTS:
        table.add_row(Text(title, style="bold"))
        for label, value, unit, span in _rows(getattr(plan, name)):
            table.add_row(Text(f"  {label}"), Text(value), Text(unit), Text(span, style="dim"))
    warnings = [Text.assemble(("! ", "bold yellow"), warning) for warning in plan.warnings]
    return Group(table, Text("What breaks first", style="bold"), *warnings) if warnings else Group(table)


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
    if value == int(value) or abs(value) >= LARGE:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _rows(part: BaseModel) -> Iterator[tuple[str, str, str, str]]:
    for field, value in part:
        label, unit = split_unit(field)
        if isinstance(value, Figure):
            yield label, _shown(value.expected, field), "" if field in FRACTIONS else unit, _span(value, field)
        elif isinstance(value, bool):
            yield label, "yes" if value else "no", "", ""
        elif isinstance(value, int):
            yield label, f"{value:,}", unit, ""
        elif isinstance(value, str):
            yield label, value, "", ""


def _shown(value: float, field: str) -> str:
    return f"{value:.1%}" if field in FRACTIONS else number(value)


def _span(figure: Figure, field: str) -> str:
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return ""
    return f"{_shown(figure.low, field)} – {_shown(figure.high, field)}"
