"""What the operator can do: one plain value for each deed. `performing` does them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rackwright.specs.training_job_status import TrainingJobStatus


@dataclass(frozen=True, kw_only=True)
class CreateJobSet:
    """Make the gang's JobSet; nothing happens where it is there already."""

    manifest: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeleteJobSet:
    """Take the gang down; its pods go by their owner references."""

    name: str
    uid: str


@dataclass(frozen=True, kw_only=True)
class SetPriority:
    """Give the JobSet another priority class, which Kueue passes on to the Workload."""

    jobset: str
    priority: str | None


@dataclass(frozen=True, kw_only=True)
class EvictWorkload:
    """Make the Workload inactive, so that Kueue takes the gang off its hosts."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateWorkload:
    """Make a Workload active again that the operator evicted, so that Kueue places the gang anew."""

    name: str


@dataclass(frozen=True, kw_only=True)
class FailPod:
    """Declare a dead host's pod failed by disruption, and delete it without waiting for the host's word."""

    name: str
    uid: str
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class DeleteJob:
    """Delete a finished job whose time to live is over."""

    uid: str


@dataclass(frozen=True, kw_only=True)
class WriteStatus:
    """Report the job's status."""

    status: TrainingJobStatus


@dataclass(frozen=True, kw_only=True)
class EmitEvent:
    """Tell people of a transition, as a Kubernetes event on the job."""

    type: Literal["Normal", "Warning"]
    reason: str
    note: str


Action = (
    CreateJobSet
    | DeleteJobSet
    | SetPriority
    | EvictWorkload
    | ReactivateWorkload
    | FailPod
    | DeleteJob
    | WriteStatus
    | EmitEvent
)
