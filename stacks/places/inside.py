"""What is the same at every place: the platform, the operator and the queues on a Kubernetes that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from rackwright.specs import ClusterSpec
from stacks.components.operator import Operator, OperatorArgs
from stacks.components.platform import Platform, PlatformArgs
from stacks.components.rdma import Rdma, RdmaArgs
from stacks.components.scheduling import Scheduling, SchedulingArgs


def declare_inside(
    spec: ClusterSpec,
    *,
    provider: kubernetes.Provider,
    system_hosts: Sequence[pulumi.Resource],
    gpu_hosts: Sequence[pulumi.Resource],
) -> dict[str, Any]:
    """Declare all that runs on the cluster and return the outputs that tell of it.

    The order matters most when a cluster is taken down, which goes backwards: the teams' namespaces and their jobs end
    while the GPU hosts, the operator and Kueue are there to let go of them.
    """
    platform = Platform(
        spec.name,
        PlatformArgs(spec=spec),
        pulumi.ResourceOptions(provider=provider, depends_on=list(system_hosts)),
    )
    operator = Operator(
        spec.name, OperatorArgs(spec=spec), pulumi.ResourceOptions(provider=provider, depends_on=[platform])
    )
    if spec.rdma is not None and spec.rdma.declare:
        Rdma(spec.name, RdmaArgs(spec=spec), pulumi.ResourceOptions(provider=provider, depends_on=list(gpu_hosts)))
    Scheduling(
        spec.name,
        SchedulingArgs(spec=spec),
        pulumi.ResourceOptions(provider=provider, depends_on=[platform, operator, *gpu_hosts]),
    )
    return {
        "pools": {pool.name: pool.hosts for pool in spec.pools},
        "queues": {
            team.name: {"namespace": team.name, "queue": spec.queues.local_queue, "gpus": team.gpus}
            for team in spec.queues.teams
        },
    }
