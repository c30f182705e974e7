"""How the time from a failure to the next step comes about."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.sizing.figures import given_or, product, total
from rackwright.specs.figure import Figure
from rackwright.specs.terms import ReliabilityTerms

DETECTION_S = Figure(
    low=10,
    expected=120,
    high=600,
    source="high: MegaScale finds and diagnoses in under 10 minutes (arXiv 2402.15627), and NCCL's default time-out in "
    "PyTorch is 10 minutes; low: a crash that the kubelet sees; expected: a judgement between them",
    assumed=True,
)
"""Seconds until a failure is noticed and its host is named."""

PLACEMENT_S = Figure(
    low=10,
    expected=30,
    high=120,
    source="expected: Kueue and JobSet have a gang of 128 hosts running again after 20 s in rehearsal; low and high: "
    "smaller and larger gangs, a judgement",
    assumed=True,
)
"""Seconds until all pods have hosts again."""

START_S = Figure(
    low=60,
    expected=180,
    high=600,
    source="containers (image at the host), imports, data loaders, first steps: a judgement; no source tells it apart",
    assumed=True,
)
"""Seconds from a placed pod to a step at full pace, communicators and checkpoint apart."""

INITIALISATION_MS_PER_GPU = Figure(
    low=1.0,
    expected=2.5,
    high=10.0,
    source="MegaScale (arXiv 2402.15627): after its improvements under 5 s on 2,048 GPUs and under 30 s on more than "
    "10,000, so 2.5-3 ms a GPU; 1,047 s on 2,048 before; low and high: a judgement",
    assumed=True,
)
"""Milliseconds for each GPU until all ranks have built their communicators."""

MS_PER_S = 1000


@dataclass(frozen=True, kw_only=True)
class RestartParts:
    """The parts of a restart, reading the checkpoint apart."""

    detection_s: Figure
    placement_s: Figure
    start_s: Figure
    group_initialisation_s: Figure


def restart_parts(gpus: int) -> RestartParts:
    """The parts for a job on that many GPUs."""
    each = INITIALISATION_MS_PER_GPU
    return RestartParts(
        detection_s=DETECTION_S,
        placement_s=PLACEMENT_S,
        start_s=START_S,
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
