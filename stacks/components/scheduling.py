"""The fabric as Kueue sees it, the teams' namespaces and queues, and the priorities of their jobs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from rackwright.rendering.scheduling import scheduling_objects
from rackwright.specs import ClusterSpec
from stacks.components.objects import declare_objects


@dataclass(frozen=True, kw_only=True)
class SchedulingArgs:
    """What the scheduling objects are made from."""

    spec: ClusterSpec


class Scheduling(pulumi.ComponentResource):
    """The objects of `manifests/scheduling/`."""

    def __init__(self, name: str, args: SchedulingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:scheduling:Scheduling", name, {}, opts)
        declare_objects(scheduling_objects(args.spec), parent=self)
        self.register_outputs({"teams": [team.name for team in args.spec.queues.teams]})
