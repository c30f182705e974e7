"""Who may use how much: teams with quotas, and the priorities of their jobs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rackwright.specs.base import DnsLabel, Spec, refuse


class Team(Spec):
    """A team: a namespace, a queue of its own, and its part of the GPUs."""

    name: DnsLabel
    """The namespace and the ClusterQueue."""
    gpus: Annotated[int, Field(ge=0)]
    """GPUs that are the team's own."""
    borrowing_gpus: Annotated[int, Field(ge=0)] | None = None
    """GPUs that it may borrow of other teams' idle ones; unset: as many as there are."""
    lending_gpus: Annotated[int, Field(ge=0)] | None = None
    """Of its own, those that it lends when idle; unset: all."""

    @model_validator(mode="after")
    def _lends_its_own(self) -> Team:
        if self.lending_gpus is not None and self.lending_gpus > self.gpus:
            refuse(
                field="lending_gpus",
                value=self.lending_gpus,
                expected=f"at most the team's own {self.gpus} GPUs",
                remedy="lower it, or leave it out to lend all that is idle",
            )
        return self


class Priority(Spec):
    """A job priority; a higher one goes first and preempts lower ones of its own queue."""

    name: DnsLabel
    value: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class Queues(Spec):
    """The teams share one cohort, so that what one leaves idle another may borrow."""

    cohort: DnsLabel
    """The cohort's name in Kueue."""
    local_queue: DnsLabel = "train"
    """The queue's name inside each team's namespace, the one that jobs name."""
    teams: Annotated[tuple[Team, ...], Field(min_length=1)]
    priorities: Annotated[tuple[Priority, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> Queues:
        for field, names in (
            ("teams", [team.name for team in self.teams]),
            ("priorities", [priority.name for priority in self.priorities]),
        ):
            twins = sorted({name for name in names if names.count(name) > 1})
            if twins:
                refuse(field=field, value=twins, expected="a different name for each", remedy="rename or merge them")
        return self
