"""What the operator reports of a TrainingJob."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from rackwright.specs.base import Spec


class Phase(StrEnum):
    """Where a job is in its life."""

    PENDING = "Pending"
    """Not yet looked at, or being set up."""
    QUEUED = "Queued"
    """Waits for quota or for a place."""
    STARTING = "Starting"
    """Admitted; its pods aren't all ready yet."""
    RUNNING = "Running"
    RESTARTING = "Restarting"
    """Lost a pod or a host; the gang comes up again from the last checkpoint."""
    SUSPENDED = "Suspended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def final(self) -> bool:
        """Whether the job has ended; nothing changes after that."""
        return self in {Phase.SUCCEEDED, Phase.FAILED}


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A moment as RFC 3339 has it, in UTC, such as `2026-01-31T12:00:00Z`."""


def timestamp(moment: datetime) -> str:
    """A moment as `Time` has it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StatusSpec(Spec):
    """A part of the status: camelCase; fields of a newer operator don't break an older reader."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class Condition(StatusSpec):
    """A Kubernetes condition."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""
    last_transition_time: Time
    observed_generation: int


class ReportedProgress(StatusSpec):
    """What rank 0 says of itself."""

    step: Annotated[int, Field(ge=0)]
    """Steps done."""
    checkpoint_step: Annotated[int, Field(ge=0)]
    """The step of the last complete checkpoint."""


class Progress(StatusSpec):
    """How far the run is."""

    step: int
    """Steps done, as rank 0 last said."""
    checkpoint_step: int
    """The step of the last complete checkpoint."""
    checkpoint_at: Time | None = None
    """When the operator first heard of that checkpoint."""
    steps: int | None = None
    """Steps of the whole run, where the job says what it expects."""
    tokens: int | None = None
    """Tokens seen in these steps, where the job says what it expects."""


class Restart(StatusSpec):
    """One restart of the gang, with its cause and its cost."""

    at: Time
    """When the loss was seen."""
    cause: str
    """One word such as `HostFailed`, `PodFailed`, `Preempted`."""
    host: str | None = None
    """The host that was lost, if one was."""
    message: str = ""
    """A sentence for people."""
    step: int | None = None
    """The last step known before the loss."""
    resumed_from_step: int | None = None
    """The checkpoint that the gang went back to."""
    repeated_seconds: Annotated[float, Field(ge=0)] | None = None
    """For how long the gang had trained since that checkpoint: measured, and to be done again."""
    recovered_at: Time | None = None
    """When all pods were ready again."""
    abandoned_at: Time | None = None
    """When the job was suspended or ended before all pods were ready again; there is no recovery then."""


class TrainingJobStatus(StatusSpec):
    """The whole status."""

    observed_generation: int = 0
    """The generation of the job's spec that this was written for."""
    phase: Phase = Phase.PENDING
    message: str = ""
    """One sentence for people: what the job is doing or waiting for."""
    conditions: Annotated[
        tuple[Condition, ...],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = ()
    hosts: tuple[str, ...] = ()
    """Hosts that the gang runs on, in rank order (the first 64; `hostCount` has the number)."""
    host_count: int = 0
    """Hosts that the gang runs on."""
    gang: str | None = None
    """The uid of rank 0's pod while the gang is whole; another one later means that it was restarted."""
    started_at: Time | None = None
    """When the gang was whole for the first time."""
    finished_at: Time | None = None
    """When it ended, well or not."""
    progress: Progress | None = None
    restart_count: int = 0
    """Restarts so far."""
    restarts: tuple[Restart, ...] = ()
    """The last restarts, newest last (the last 20; `restartCount` has the number)."""

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type."""
        return next((each for each in self.conditions if each.type == kind), None)
