"""What a plan says of running the machine: failures and spares, checkpoints and storage, moving a model."""

from __future__ import annotations

from rackwright.specs.base import Spec
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.terms import Checkpoints


class FailureCause(Spec):
    """One cause of failures."""

    cause: str
    share: Figure
    """Part of all failures that stop a job."""
    per_day: Figure


class PublishedFailures(Spec):
    """What the job would meet at the rate of one published cluster."""

    cluster: str
    failures_per_day: Figure
    mean_time_to_failure_h: Figure


class LevelSpares(Spec):
    """Spares where each domain of a level of the fabric keeps its own."""

    level: str
    domain_hosts: int
    domains: int
    spares: Figure
    """In each domain."""


class ReliabilityPlan(Spec):
    """What fails, what it costs, and what is kept for it."""

    failures_per_host_day: Figure
    failures_per_day: Figure
    mean_time_to_failure_h: Figure
    published: tuple[PublishedFailures, ...]
    """The least failures first."""
    causes: tuple[FailureCause, ...]
    """The most frequent first."""
    detection_s: Figure
    placement_s: Figure
    """The gang gets a host in place of the failed one."""
    start_s: Figure
    """Containers, processes, data loaders, the first step's warm-up."""
    group_initialisation_s: Figure
    """All ranks meet and build their communicators."""
    restart_s: Figure
    """From a failure to the next step: the four before, and reading the checkpoint."""
    checkpoint_interval_s: Figure
    """The one that loses least, or in which an asynchronous checkpoint can just be written."""
    young_interval_s: Figure
    daly_interval_s: Figure
    goodput: Figure
    """The part of the time that goes into steps that count."""
    half_goodput_hosts: Figure
    """Hosts on which goodput would fall to one half, all else as here."""
    repair_days: Figure
    spares: Figure
    """For the whole pool."""
    level_spares: tuple[LevelSpares, ...]
    """The coarsest level first."""


class StoragePlan(Spec):
    """Checkpoints and what they ask of storage."""

    checkpoints: Checkpoints
    checkpoint_gb: Figure
    checkpoint_gpu_gb: Figure
    """What one GPU writes of it."""
    checkpoint_copy_s: Figure
    """From a GPU's memory to its host's."""
    checkpoint_write_s: Figure
    checkpoint_stall_s: Figure
    """For how long a checkpoint stops the training."""
    write_bandwidth_gb_s: Figure
    host_write_gb_s: Figure
    """What each host sends over its front network."""
    checkpoint_read_s: Figure
    """All hosts read it back after a failure."""
    read_bandwidth_gb_s: Figure
    checkpoints_kept: Figure
    checkpoints_tb: Figure
    training_data_tb: Figure
    capacity_tb: Figure


class TransferLevel(Spec):
    """Moving a model across one level of the machine."""

    level: str
    gb_s: Figure | Unknown
    transfer_s: Figure | Unknown


class TransferPlan(Spec):
    """How long it takes to move a model once, across each level of the machine."""

    model_gb: Figure
    levels: tuple[TransferLevel, ...]
