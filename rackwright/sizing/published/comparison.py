"""Hardware beside other hardware, by what was published of both: no plan and no step time is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import truediv

from rackwright.catalog import ACCELERATORS, GPUS, HOSTS, Accelerator, Gpu, Host, Published
from rackwright.sizing.figures import computed, product
from rackwright.sizing.units import W_PER_KW
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.figure import Figure

COUNTED = re.compile(r"(?:(?P<count>[1-9]\d*)\s*[x×]\s*)?(?P<name>.+)")
"""`4xdojo-cabinet`: how many of what; without a count, one."""

Figures = dict[str, Figure]
"""Figures by a name that ends with the unit; what nobody published is missing."""


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """Some hardware of the catalogue."""

    name: str
    title: str
    figures: Figures
    """Of all of it together."""
    disagreeing: tuple[Published, ...] = ()
    """Published statements, of one piece, that disagree with its figures."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of two pieces of hardware."""

    what: str
    one: Figure | None
    other: Figure | None
    ratio: Figure | None
    """One over the other, where both are published."""


def hardware(text: str, *, field: str) -> Hardware:
    """GPUs, hosts or accelerators of the catalogue, such as `DGX-H100` or `4xdojo-cabinet`.

    Raises `SpecError` for a name that none of them has; `field` is the field that asks.
    """
    matched = COUNTED.fullmatch(text.strip())
    count, wanted = (int(matched["count"] or 1), matched["name"]) if matched else (1, text)
    if (name := HOSTS.find(wanted)) is not None:
        host = HOSTS.entries[name]
        return _counted(count, name, host.title, _host_figures(host))
    if (name := GPUS.find(wanted)) is not None:
        gpu = GPUS.entries[name]
        return _counted(count, name, gpu.title, _chip_figures(gpu))
    if (name := ACCELERATORS.find(wanted)) is not None:
        accelerator = ACCELERATORS.entries[name]
        return _counted(count, name, accelerator.title, _chip_figures(accelerator), accelerator.published)
    problem = Problem(
        field=field,
        value=repr(text),
        expected=f"one of {', '.join([*HOSTS.entries, *GPUS.entries, *ACCELERATORS.entries])}",
        remedy="for more than one, write their number and an x before the name: 4xdojo-cabinet",
    )
    raise SpecError("comparison", [problem])


def comparison(one: Hardware, other: Hardware) -> list[Row]:
    """Each figure that one of the two has, side by side."""
    rows = []
    for what in dict.fromkeys((*one.figures, *other.figures)):
        ours, theirs = one.figures.get(what), other.figures.get(what)
        ratio = computed(truediv, ours, theirs, formula=f"{one.name} / {other.name}") if ours and theirs else None
        rows.append(Row(what=what, one=ours, other=theirs, ratio=ratio))
    return rows


def _counted(count: int, name: str, title: str, figures: Figures, disagreeing: tuple[Published, ...] = ()) -> Hardware:
    prefix = f"{count:,} × " if count > 1 else ""
    return Hardware(
        name=f"{prefix}{name}",
        title=f"{prefix}{title}",
        figures=_with_efficiency(_multiplied(figures, count)),
        disagreeing=disagreeing,
    )


def _host_figures(host: Host) -> Figures:
    gpus = _multiplied(_chip_figures(GPUS.entries[host.gpu]), host.gpus_per_host)
    return {**gpus, "power_kw": host.power_kw, "capital_usd": host.capital_usd}


def _chip_figures(chip: Gpu | Accelerator) -> Figures:
    peaks = {f"peak_{precision}_tflops": figure for precision, figure in chip.peak_tflops.items()}
    rest = {"memory_gb": chip.memory_gb, "memory_bandwidth_gb_s": chip.memory_bandwidth_gb_s}
    if chip.power_w is not None:
        watts = f"{chip.power_w.expected:g} W / {W_PER_KW:,}"
        rest["power_kw"] = product(chip.power_w, 1 / W_PER_KW, formula=watts, source=chip.power_w.source)
    return {**peaks, **{name: figure for name, figure in rest.items() if figure is not None}}


def _multiplied(figures: Figures, count: int) -> Figures:
    return {
        name: product(figure, count, formula=f"{count:,} × {figure.expected:g}", source=figure.source)
        for name, figure in figures.items()
    }


def _with_efficiency(figures: Figures) -> Figures:
    """The figures, and the BF16 peak for each kilowatt where both are published."""
    peak, power = figures.get("peak_bf16_tflops"), figures.get("power_kw")
    if peak is None or power is None:
        return figures
    formula = f"{peak.expected:,.4g} TFLOPS / {power.expected:,.4g} kW"
    return {**figures, "peak_bf16_tflops_per_kw": computed(truediv, peak, power, formula=formula)}
