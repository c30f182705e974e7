"""How the time from a failure to the next step comes about."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.figures import PlanningFigures, given_or, product, total
from rackwright.sizing.units import MS_PER_S
from rackwright.specs.figure import Figure
from rackwright.specs.terms import ReliabilityTerms


@dataclass(frozen=True, kw_only=True)
class RestartParts:
    """The parts of a restart, reading the checkpoint apart."""

    detection_s: Figure
    placement_s: Figure
    start_s: Figure
    group_initialisation_s: Figure


def restart_parts(gpus: int, figures: PlanningFigures) -> RestartParts:
    """The parts for a job on that many GPUs."""
    each = figures["initialisation_ms_per_gpu"]
    return RestartParts(
        detection_s=figures["detection_s"],
        placement_s=figures["placement_s"],
        start_s=figures["start_s"],
        group_initialisation_s=product(
            each, gpus / MS_PER_S, formula=f"{gpus:,} GPUs × {each.expected:g} ms", source=each.source
        ),
    )


def restart(parts: RestartParts, *, read_s: Figure, terms: ReliabilityTerms) -> Figure:
    """Seconds from a failure to the next step: what the request gives, or the sum of the parts."""
    named = {
        "detected": parts.detection_s,
        "placed": parts.placement_s,
        "started": parts.start_s,
        "ranks met": parts.group_initialisation_s,
        "checkpoint read": read_s,
    }
    summed = total(
        *named.values(),
        formula=" + ".join(f"{part.expected:.3g} s {name}" for name, part in named.items()),
        source="each part's own; MegaScale recovers in under 15 minutes in all (arXiv 2402.15627)",
    )
    return given_or(terms.restart_s, summed, field="reliability.restart_s")
