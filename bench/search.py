"""How long the search takes on one core, and how many layouts it decides on in a second.

*Decided*: valid layouts, each computed in full or left out for certain. *Computed*: step times that were computed, of
whole layouts and of replicas' bounds. Calculon, which computes each layout, does 300-430 in a core-second with its
stock command (measured on another machine).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from rackwright.catalog import GPUS, HOSTS, MODELS, PLACES, SOFTWARE
from rackwright.sizing.search.enumeration import Space
from rackwright.sizing.search.searching import Found, prepare, search
from rackwright.sizing.step.machine import Machine

CASES = (
    ("llama-3.1-405b", "megatron", 100_000),
    ("deepseek-v3-671b", "megatron", 100_000),
    ("llama-3.1-405b", "megatron", 1_024),
    ("deepseek-v3-671b", "megatron", 1_024),
    ("llama-3-8b", "fsdp", 1_024),
)
"""Model, training software, GPUs."""

REPEATS = 5
"""Of which the fastest counts: what else the machine does only adds."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One timed search."""

    found: Found
    computed: int
    """Step times, bounds included."""
    core_s: float
    wall_s: float


def run(model: str, software: str, gpus: int) -> Run:
    """Time one search, enumeration and memory included."""
    entry = MODELS.entries[model]
    sequence_tokens = entry.architecture.sequence_tokens
    machine = Machine(
        gpu=GPUS.entries["h100-sxm-80gb"],
        host=HOSTS.entries["DGX-H100"],
        software=SOFTWARE.entries[software],
        precision="bf16",
        levels=PLACES.entries["existing"].levels,
    )
    space = Space.of(
        entry.architecture,
        machine,
        gpus=gpus,
        sequence_tokens=sequence_tokens,
        batch=(entry.batch_tokens or sequence_tokens) // sequence_tokens,
    )
    core_s, wall_s = time.process_time(), time.perf_counter()
    prepared = prepare(space, machine)
    found = search(prepared)
    core_s, wall_s = time.process_time() - core_s, time.perf_counter() - wall_s
    return Run(found=found, computed=len(prepared.replicas) + found.counts.computed, core_s=core_s, wall_s=wall_s)


def main() -> None:
    """Print a line for each case."""
    print(
        f"{'model':18}{'software':10}{'GPUs':>8}{'layouts':>14}{'no memory':>14}{'computed':>10}"
        f"{'core s':>8}{'wall s':>8}{'decided/core s':>16}{'computed/core s':>17}"
    )
    for model, software, gpus in CASES:
        best = min((run(model, software, gpus) for _ in range(REPEATS)), key=lambda each: each.core_s)
        counts = best.found.counts
        print(
            f"{model:18}{software:10}{gpus:8,}{counts.valid:14,}{counts.refused_by_memory:14,}{best.computed:10,}"
            f"{best.core_s:8.3f}{best.wall_s:8.3f}{counts.valid / best.core_s:16,.0f}"
            f"{best.computed / best.core_s:17,.0f}"
        )


if __name__ == "__main__":
    main()
