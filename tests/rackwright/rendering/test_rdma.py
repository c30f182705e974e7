from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rackwright.rendering.rdma import rdma_objects
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.network import RdmaAddresses

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"


def with_pool(*, declare: bool) -> ClusterSpec:
    pool = RdmaAddresses(pool=IPv4Network("172.16.0.0/19"), per_host=32, declare=declare)
    return load_document(EXAMPLE, ClusterSpec).model_copy(update={"rdma": pool})


def test_the_pool_is_given_to_the_gpu_hosts_alone() -> None:
    [pool] = rdma_objects(with_pool(declare=True))
    assert pool["kind"] == "IPPool"
    assert pool["apiVersion"] == "nv-ipam.nvidia.com/v1alpha1"
    assert pool["metadata"] == {"name": "rdma-vf", "namespace": "nvidia-network-operator"}
    [term] = pool["spec"].pop("nodeSelector")["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "rackwright.dev/pool", "operator": "In", "values": ["h100"]}]
    assert pool["spec"] == {"subnet": "172.16.0.0/19", "perNodeBlockSize": 32}


def test_nothing_is_rendered_where_the_network_operator_is_left_to_others() -> None:
    assert rdma_objects(with_pool(declare=False)) == []
    assert rdma_objects(load_document(EXAMPLE, ClusterSpec)) == []
