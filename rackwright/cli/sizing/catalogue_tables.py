"""The catalogue as tables for people: for each kind, the columns that a planner chooses by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rackwright.catalog import (
    ACCELERATORS,
    FAILURES,
    FIGURES,
    GPUS,
    HOSTS,
    MODELS,
    Accelerator,
    FailureRecord,
    Gpu,
    Host,
    Model,
    PlanningFigure,
)
from rackwright.cli.sizing.plan_table import number, split_unit
from rackwright.sizing.step import parameters
from rackwright.specs.architecture import Architecture
from rackwright.specs.figure import Figure

UNPUBLISHED = "–"


class Listing(NamedTuple):
    """A table's columns and rows."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[str, ...]]


def models() -> Listing:
    """Models, with what a token passes through."""
    columns = ("name", "parameters", "active", "layers", "hidden", "dense", "experts", "heads", "KV", "window")
    return Listing((*columns, "sequence"), (_model(name, model) for name, model in MODELS.entries.items()))


def gpus() -> Listing:
    """GPUs, and the accelerators that can be compared with them but not planned with."""
    columns = ("name", "BF16 TFLOPS", "achievable", "FP8 TFLOPS", "achievable", "memory GB", "GB/s", "NVLink GB/s", "W")
    return Listing(columns, (_chip(name, chip) for name, chip in (GPUS.entries | ACCELERATORS.entries).items()))


def hosts() -> Listing:
    """Hosts, with their network and power."""
    columns = ("name", "GPU", "GPUs", "NVLink domain", "network Gbit/s", "memory GB", "NVMe TB", "kW", "thousand USD")
    return Listing(columns, (_host(name, host) for name, host in HOSTS.entries.items()))


def figures() -> Listing:
    """Figures that plans share, with what a request sets in their place."""
    columns = ("set it as", "value", "range", "unit", "what it is, and its source")
    return Listing(columns, (_planning_figure(name, entry) for name, entry in FIGURES.entries.items()))


def failures() -> Listing:
    """What was published of failures."""
    columns = ("name", "GPU", "failures", "host days", "a host and day", "source")
    return Listing(columns, (_failures(name, record) for name, record in FAILURES.entries.items()))


LISTINGS: dict[str, Callable[[], Listing]] = {
    "models": models,
    "gpus": gpus,
    "hosts": hosts,
    "figures": figures,
    "failures": failures,
}
"""The kinds that have more to show than a title, by the word that asks for them."""


def _model(name: str, model: Model) -> tuple[str, ...]:
    architecture = model.architecture
    extra = f" + {architecture.prediction_layers} MTP" if architecture.prediction_layers else ""
    return (
        name,
        number(parameters.total(architecture)),
        number(parameters.active(architecture)) if architecture.experts else "",
        f"{architecture.layers}{extra}",
        f"{architecture.hidden:,}",
        _dense(architecture),
        _experts(architecture),
        str(architecture.heads),
        "latent" if architecture.latent_attention else str(architecture.kv_heads),
        f"{architecture.window.tokens:,}" if architecture.window else "",
        f"{architecture.sequence_tokens:,}",
    )


def _dense(architecture: Architecture) -> str:
    """`14,336`, or `3 × 18,432` where some of the layers have experts."""
    layers = architecture.layers - architecture.expert_layers
    if not layers:
        return ""
    return f"{architecture.ffn:,}" if layers == architecture.layers else f"{layers} × {architecture.ffn:,}"


def _experts(architecture: Architecture) -> str:
    """`8 of 256 + 1 × 2,048`: how many of how many, those that are shared, and how wide one is."""
    experts = architecture.experts
    if experts is None:
        return ""
    shared = f" + {experts.shared}" if experts.shared else ""
    return f"{experts.active} of {experts.count}{shared} × {experts.ffn:,}"


def _chip(name: str, chip: Gpu | Accelerator) -> tuple[str, ...]:
    achievable = chip.achievable_tflops if isinstance(chip, Gpu) else {}
    figures = (
        chip.peak_tflops.get("bf16"),
        achievable.get("bf16"),
        chip.peak_tflops.get("fp8"),
        achievable.get("fp8"),
        chip.memory_gb,
        chip.memory_bandwidth_gb_s,
        chip.nvlink_gb_s if isinstance(chip, Gpu) else None,
        chip.power_w,
    )
    return (name, *map(_shown, figures))


def _host(name: str, host: Host) -> tuple[str, ...]:
    return (
        name,
        host.gpu,
        str(host.gpus_per_host),
        str(host.nvlink_domain_gpus),
        f"{host.ports_per_host} × {_shown(host.port_bandwidth_gbit_s)}",
        *map(_shown, (host.memory_gb, host.nvme_tb, host.power_kw)),
        number(host.capital_usd.expected / 1000),
    )


def _planning_figure(name: str, entry: PlanningFigure) -> tuple[str, ...]:
    figure = entry.figure
    span = "" if figure.low is None or figure.high is None else f"{number(figure.low)} – {number(figure.high)}"
    return (
        entry.request_field or f"figures.{name}",
        number(figure.expected),
        span,
        split_unit(name)[1],
        f"{entry.title}. {'Assumed' if figure.assumed else 'Source'}: {figure.source}",
    )


def _failures(name: str, record: FailureRecord) -> tuple[str, ...]:
    rate = f"{record.per_host_day:.3g}"
    return (name, record.gpu, number(record.failures), number(record.host_days), rate, record.source)


def _shown(figure: Figure | None) -> str:
    return number(figure.expected) if figure else UNPUBLISHED
