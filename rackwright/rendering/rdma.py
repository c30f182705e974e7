"""The pool of addresses of the RDMA interfaces, as NVIDIA's network operator takes it."""

from __future__ import annotations

from typing import Any

from rackwright.rendering.templates import render
from rackwright.specs import ClusterSpec
from rackwright.specs.kubernetes_names import POOL_LABEL, RDMA_NETWORK

NAMESPACE = "nvidia-network-operator"
"""Where the operator and its objects stand (its chart's and Oracle's add-on's usual one)."""


def rdma_objects(spec: ClusterSpec) -> list[dict[str, Any]]:
    """The pool, where the spec says that the network operator is there to take it."""
    if spec.rdma is None or not spec.rdma.declare:
        return []
    return render(
        "network/rdma.yaml.j2",
        name=RDMA_NETWORK,
        namespace=NAMESPACE,
        subnet=str(spec.rdma.pool),
        per_host=spec.rdma.per_host,
        pool_label=POOL_LABEL,
        pool=spec.gpu_pool.name,
    )
