"""The nodes of hosts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud import shapes
from rehearsal.cloud.bootstrap import Bootstrap
from rehearsal.cloud.layout import label_value, topology
from rehearsal.cloud.nodes import node, resources
from rehearsal.cloud.pools import Pool
from rehearsal.cloud.regions import Region
from rehearsal.cloud.shapes import SHAPES
from rehearsal.cloud.state import Host

pytestmark = pytest.mark.pure

CHICAGO = Region("us-chicago-1")
H100 = SHAPES["BM.GPU.H100.8"]
HOST = Host(
    id="ocid1.instance.oc1.us-chicago-1.abcdefgh",
    pool="p",
    number=0,
    shape=H100.name,
    availability_domain="Abcd:US-CHICAGO-1-AD-1",
    position=33,
    subnet="s",
    address="10.140.0.2",
    joins=True,
)


def h100_pool(boot: Bootstrap, *, rdma_interfaces: int = 16) -> Pool:
    return Pool(
        id="p",
        name="h100",
        hosts=1,
        shape=H100,
        size=shapes.size(H100),
        placements=(("Abcd:US-CHICAGO-1-AD-1", "s"),),
        on_fabric=True,
        rdma_interfaces=rdma_interfaces,
        max_pods=31,
        boot_volume_gb=200,
        boot=boot,
    )


def made(boot: Bootstrap) -> dict[str, Any]:
    return node(HOST, h100_pool(boot), region=CHICAGO, seed="s", kubernetes_version="v1.36.3")


def test_a_node_has_the_labels_that_kubernetes_oke_and_the_pool_give_it() -> None:
    boot = Bootstrap(joins=True, labels={"rackwright.dev/pool": "h100"}, topology={"customerLocalBlock": "x/leaf"})
    labels = made(boot)["metadata"]["labels"]
    place = topology(33, region=CHICAGO, availability_domain=HOST.availability_domain, seed="s")
    assert (
        labels.items()
        >= {
            "kubernetes.io/hostname": "10.140.0.2",
            "node.kubernetes.io/instance-type": "BM.GPU.H100.8",
            "topology.kubernetes.io/region": "us-chicago-1",
            "topology.kubernetes.io/zone": "US-CHICAGO-1-AD-1",
            "rackwright.dev/pool": "h100",
            "x/leaf": label_value(place["customerLocalBlock"]),
        }.items()
    )


def test_a_host_whose_place_is_not_all_known_is_tainted() -> None:
    taint = {"key": "x/topology", "value": "missing", "effect": "NoSchedule"}
    topology = {"customerLocalBlock": "x/leaf", "customerRoom": "x/room"}
    assert made(Bootstrap(joins=True, unplaced_taints=(taint,), topology=topology))["spec"]["taints"] == [taint]
    assert made(Bootstrap(joins=True, unplaced_taints=(taint,)))["spec"]["taints"] == []


def test_an_h100_host_offers_what_its_shape_has_less_a_reserve() -> None:
    capacity, allocatable = resources(h100_pool(Bootstrap()))
    assert (capacity["cpu"], capacity["nvidia.com/gpu"], capacity["nvidia.com/rdma-vf"]) == ("224", "8", "16")
    assert (allocatable["cpu"], allocatable["nvidia.com/gpu"], allocatable["pods"]) == ("223270m", "8", "31")
    assert capacity["memory"] == f"{2048 * 1024 * 1024}Ki"
    assert 2_000 * 1024 * 1024 <= int(allocatable["memory"].removesuffix("Ki")) < 2_001 * 1024 * 1024


def test_rdma_interfaces_that_did_not_come_up_are_not_offered() -> None:
    capacity, allocatable = resources(h100_pool(Bootstrap(), rdma_interfaces=0))
    assert "nvidia.com/rdma-vf" not in {**capacity, **allocatable}


@given(ocpus=st.integers(min_value=1, max_value=126), memory_gb=st.integers(min_value=1, max_value=2052))
def test_every_size_leaves_something_and_keeps_something(ocpus: int, memory_gb: int) -> None:
    size = shapes.size(SHAPES["VM.Standard.E5.Flex"], ocpus=ocpus, memory_gb=memory_gb)
    assert 0 < size.reserved_millicpus() < size.cpus * 1000
    assert 0 < size.reserved_kib() < size.memory_kib


@pytest.mark.parametrize(("ocpus", "memory"), [(0, 16), (127, 16), (4, 5000), (None, 16)])
def test_a_flexible_shape_is_asked_for_what_it_can_give(ocpus: float | None, memory: float) -> None:
    with pytest.raises(ValueError, match=r"VM\.Standard\.E5\.Flex"):
        shapes.size(SHAPES["VM.Standard.E5.Flex"], ocpus=ocpus, memory_gb=memory)
