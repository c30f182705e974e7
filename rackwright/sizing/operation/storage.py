"""Checkpoints, and what they and the training data ask of the storage."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import Host
from rackwright.sizing.figures import PlanningFigures, computed, exact, given, given_or, product, stated
from rackwright.sizing.units import BITS_PER_BYTE, GB, GB_PER_TB
from rackwright.specs.figure import Figure
from rackwright.specs.operation import StoragePlan
from rackwright.specs.terms import StorageTerms

WEIGHT_BYTES = 2
"""Of a parameter's bytes in a checkpoint, the BF16 weight, which every data-parallel replica holds; the rest is sharded
over all ranks."""

SMALL_VOCABULARY = 65_500
"""Token identifiers up to here take two bytes, others four (Megatron-LM, indexed_dataset.py, optimal_dtype)."""

PUBLISHED_SHARE = "Llama 3's checkpoints: 1 MB to 4 GB a GPU (arXiv 2407.21783)"


@dataclass(frozen=True, kw_only=True)
class Training:
    """What the storage must know of a run."""

    parameters: int
    gpus: int
    """That train."""
    replica_writers: int
    """GPUs of one replica that hold different weights: tensor times pipeline ranks."""
    hosts: int
    """That train."""
    host: Host
    tokens: float
    vocabulary: int
    figures: PlanningFigures


def storage_plan(training: Training, *, terms: StorageTerms) -> StoragePlan:
    """Checkpoints, the bandwidth and the capacity that they ask for."""
    each, copy_gb_s = training.figures["checkpoint_bytes_per_parameter"], training.figures["copy_gb_s"]
    size = exact(
        each.expected * training.parameters / GB,
        formula=f"{training.parameters:,} parameters × {each.expected:g} bytes",
        source=each.source,
    )
    share = _gpu_share(training, size)
    copy_s = computed(
        lambda gb, rate: gb / rate,
        share,
        copy_gb_s,
        formula=f"{share.expected:.3g} GB / {copy_gb_s.expected:g} GB/s",
        source=copy_gb_s.source,
    )
    write_s = _write(training, size=size, terms=terms)
    write_rate = _rate(size, write_s, asked=terms.write_gb_s, field="storage.write_gb_s")
    read_rate = write_rate if terms.read_gb_s is None else given(terms.read_gb_s, field="storage.read_gb_s")
    kept = exact(
        terms.keep_last + terms.milestones,
        formula=f"the last {terms.keep_last} and {terms.milestones} milestones",
        source="the request, or its defaults",
    )
    data_tb = _training_data(training)
    checkpoints_tb = product(kept, size.expected / GB_PER_TB, formula=f"{kept.expected:g} × {size.expected:,.4g} GB")
    return StoragePlan(
        checkpoints=terms.checkpoints,
        checkpoint_gb=size,
        checkpoint_gpu_gb=share,
        checkpoint_copy_s=copy_s,
        checkpoint_write_s=write_s,
        checkpoint_stall_s=copy_s if terms.checkpoints == "async" else write_s,
        write_bandwidth_gb_s=write_rate,
        host_write_gb_s=product(
            write_rate, 1 / training.hosts, formula=f"{write_rate.expected:,.4g} GB/s / {training.hosts:,} hosts"
        ),
        checkpoint_read_s=_read(training, size=size, rate=read_rate),
        read_bandwidth_gb_s=read_rate,
        checkpoints_kept=kept,
        checkpoints_tb=checkpoints_tb,
        training_data_tb=data_tb,
        capacity_tb=_capacity(checkpoints_tb, data_tb),
    )


def with_retention(plan: StoragePlan, *, days: Figure, terms: StorageTerms) -> StoragePlan:
    """The plan with the checkpoints that are kept for good over a run of so many days."""
    if terms.keep_every_days is None:
        return plan
    every = terms.keep_every_days
    kept = computed(
        lambda always, run: always + int(run / every),
        plan.checkpoints_kept,
        days,
        formula=f"{plan.checkpoints_kept.formula}, and one in {every:g} of {days.expected:.4g} days",
        source=plan.checkpoints_kept.source,
    )
    size = plan.checkpoint_gb.expected
    checkpoints_tb = product(kept, size / GB_PER_TB, formula=f"{kept.expected:g} × {size:,.4g} GB")
    return plan.model_copy(
        update={
            "checkpoints_kept": kept,
            "checkpoints_tb": checkpoints_tb,
            "capacity_tb": _capacity(checkpoints_tb, plan.training_data_tb),
        }
    )


def front_gb_s(host: Host, figures: PlanningFigures) -> Figure:
    """What one host gets through its front network."""
    line, part_of_line = stated(host.front_network_gbit_s), figures["front_network_part"]
    return computed(
        lambda gbit, part: gbit / BITS_PER_BYTE * part,
        line,
        part_of_line,
        formula=f"{line.expected:g} Gbit/s / 8 × {part_of_line.expected:g}",
        source=f"{line.source}; {part_of_line.source}",
    )


def _gpu_share(training: Training, size: Figure) -> Figure:
    """Expected: all GPUs write the same; high: the weights are written by the first data-parallel replica alone."""
    even = size.expected / training.gpus
    writers = training.replica_writers
    weights = WEIGHT_BYTES * training.parameters / GB
    return Figure(
        expected=even,
        low=even,
        high=(size.expected - weights) / training.gpus + weights / writers,
        formula=f"{size.expected:,.4g} GB / {training.gpus:,} GPUs; high: the weights by the {writers} of one replica",
        source=f"{size.source}; {PUBLISHED_SHARE}",
    )


def _write(training: Training, *, size: Figure, terms: StorageTerms) -> Figure:
    """Seconds to write one checkpoint: the budget's, or what storage and front networks allow."""
    front = front_gb_s(training.host, training.figures)
    through = f"{training.hosts:,} hosts × {front.expected:.3g} GB/s of front network"
    if terms.write_gb_s is not None:
        taken = terms.write_gb_s
        return computed(
            lambda each: size.expected / min(taken, each * training.hosts),
            front,
            formula=f"{size.expected:,.4g} GB / the lesser of {taken:g} GB/s and {through}",
            source=f"storage.write_gb_s; {front.source}",
        )
    given_s = terms.stall_budget_s
    usual = training.figures[f"{terms.checkpoints}_write_budget_s"]
    budget = given_or(given_s, usual, field="storage.stall_budget_s")
    return computed(
        lambda seconds, each: max(seconds, size.expected / (each * training.hosts)),
        budget,
        front,
        formula=f"{budget.expected:g} s allowed; no less than {size.expected:,.4g} GB / ({through})",
        source=f"{budget.source}; {front.source}",
    )


def _rate(size: Figure, write_s: Figure, *, asked: float | None, field: str) -> Figure:
    if asked is not None:
        return given(asked, field=field)
    return computed(
        lambda seconds: size.expected / seconds,
        write_s,
        formula=f"{size.expected:,.4g} GB / {write_s.expected:.4g} s",
        source="Meta's storage for 24,576 GPUs: 2 TB/s sustained, 7 TB/s at peak (arXiv 2407.21783)",
    )


def _read(training: Training, *, size: Figure, rate: Figure) -> Figure:
    """Each byte is read once, by whichever host, and exchanged over the fabric."""
    front = front_gb_s(training.host, training.figures)
    return computed(
        lambda storage, each: size.expected / min(storage, each * training.hosts),
        rate,
        front,
        formula=f"{size.expected:,.4g} GB / the lesser of {rate.expected:,.4g} GB/s and {training.hosts:,} hosts × "
        f"{front.expected:.3g} GB/s",
        source=f"read once and exchanged, as by Megatron-LM's fully parallel load; {front.source}",
    )


def repeated_read_s(plan: StoragePlan, *, parameters: float, replicas: int) -> float:
    """Seconds to read a checkpoint back where every data-parallel replica reads all weights, not one of them."""
    repeated = (replicas - 1) * WEIGHT_BYTES * parameters / GB
    return plan.checkpoint_read_s.expected * (1 + repeated / plan.checkpoint_gb.expected)


def _training_data(training: Training) -> Figure:
    each = 2 if training.vocabulary < SMALL_VOCABULARY else 4
    return exact(
        training.tokens * each / GB / GB_PER_TB,
        formula=f"{training.tokens:.4g} tokens × {each} bytes",
        source="Megatron-LM, indexed_dataset.py",
        because="all tokens taken as different; repeats need no storage of their own",
    )


def _capacity(checkpoints_tb: Figure, data_tb: Figure) -> Figure:
    return computed(
        lambda one, two: one + two,
        checkpoints_tb,
        data_tb,
        formula=f"{checkpoints_tb.expected:,.4g} TB checkpoints + {data_tb.expected:,.4g} TB tokens",
        source="Meta's storage for 24,576 GPUs holds 240 PB (arXiv 2407.21783), for all of its uses",
    )
