"""What is the same at every place: the platform, the operator and the queues on a Kubernetes that is there."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from rackwright.rendering import operator_objects
from rackwright.rendering.nodes import pool_labels
from rackwright.rendering.operator import definition_objects
from rackwright.rendering.rdma import rdma_objects
from rackwright.rendering.scheduling import scheduling_objects
from rackwright.specs import ClusterSpec
from stacks.components.objects import ObjectGroup
from stacks.components.platform import Platform, PlatformArgs

OPERATOR = "rackwright:operator:Operator"
"""The TrainingJob's definition, and the operator with its identity, rights and knowledge of the cluster."""

RDMA = "rackwright:rdma:Rdma"
"""The addresses of the RDMA interfaces, on a cluster that NVIDIA's network operator runs on."""

SCHEDULING = "rackwright:scheduling:Scheduling"
"""The fabric as Kueue sees it, the teams' namespaces and queues, and the priorities of their jobs."""


def declare_inside(
    spec: ClusterSpec,
    *,
    provider: kubernetes.Provider,
) -> dict[str, Any]:
    """Declare all that runs on the cluster and return the outputs that tell of it.

    The order matters most when a cluster is taken down, which goes backwards: the teams' namespaces and their jobs end
    while the operator and Kueue are there to let go of them. All hosts are: they belong to the part before this one.
    """
    platform = Platform(
        spec.name,
        PlatformArgs(platform=spec.platform, node_labels=pool_labels(spec.system_pool)),
        pulumi.ResourceOptions(provider=provider),
    )
    operator = ObjectGroup(
        OPERATOR,
        spec.name,
        [*definition_objects(), *operator_objects(spec)],
        pulumi.ResourceOptions(provider=provider, depends_on=[platform]),
    )
    if addresses := rdma_objects(spec):
        ObjectGroup(RDMA, spec.name, addresses, pulumi.ResourceOptions(provider=provider))
    ObjectGroup(
        SCHEDULING,
        spec.name,
        scheduling_objects(spec),
        pulumi.ResourceOptions(provider=provider, depends_on=[platform, operator]),
    )
    return {
        "pools": {pool.name: pool.hosts for pool in spec.pools},
        "queues": {
            team.name: {"namespace": team.name, "queue": spec.queues.local_queue, "gpus": team.gpus}
            for team in spec.queues.teams
        },
    }
