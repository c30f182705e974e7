"""The address plan has room for every cluster."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.files.addresses import network, pods_per_host, rdma_addresses
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.network import RdmaAddresses

pytestmark = pytest.mark.pure

BASTION = ApiAccess(way_in="bastion", public_from=(IPv4Network("203.0.113.0/24"),))
PUBLIC = BASTION.model_copy(update={"way_in": "public"})


@given(hosts=st.integers(1, 13_000))
def test_hosts_and_pods_have_addresses(hosts: int) -> None:
    """The Network model itself refuses overlaps and subnets outside the network."""
    pods = pods_per_host(hosts)
    planned = network(hosts=hosts, pods=hosts * pods, api_access=BASTION)
    assert planned.node_addresses() >= hosts
    assert planned.pod_addresses() >= hosts * pods
    assert 16 <= pods <= 31


def test_only_a_bastion_gets_a_subnet_for_one() -> None:
    assert str(network(hosts=1, pods=31, api_access=BASTION).subnets()["bastion"]) == "10.140.0.16/29"
    assert "bastion" not in network(hosts=1, pods=31, api_access=PUBLIC).subnets()


def test_a_cluster_of_100_000_gpus_fits_into_one_network() -> None:
    planned = network(hosts=12_600, pods=12_600 * pods_per_host(12_600), api_access=BASTION)
    assert len(planned.vcn) == 5
    assert str(planned.nodes) == "10.140.64.0/18"


@given(hosts=st.integers(1, 16_384), interfaces=st.integers(1, 16))
def test_every_host_has_a_block_and_every_interface_an_address(hosts: int, interfaces: int) -> None:
    """The blocks follow each other from the pool's second address, as nv-ipam gives them out."""
    planned = rdma_addresses(hosts=hosts, interfaces=interfaces)
    assert planned is not None
    assert planned.blocks() >= hosts
    assert planned.per_host >= interfaces
    last = 1 + hosts * planned.per_host - 1
    assert last <= planned.pool.num_addresses - 2


@given(hosts=st.integers(1, 13_000), interfaces=st.integers(1, 16))
def test_no_two_ranges_overlap(hosts: int, interfaces: int) -> None:
    pods = hosts * pods_per_host(hosts)
    planned = network(hosts=hosts, pods=pods, api_access=BASTION)
    rdma = rdma_addresses(hosts=hosts, interfaces=interfaces)
    assert rdma is not None
    assert not any(rdma.pool.overlaps(block) for block in (*planned.vcn, planned.services))


def test_the_usual_pool_ends_at_655_hosts_and_this_one_doesn_t() -> None:
    usual = RdmaAddresses(pool=IPv4Network("192.168.0.0/16"), per_host=100)
    assert usual.blocks() == 655
    planned = rdma_addresses(hosts=12_595, interfaces=16)
    assert planned is not None
    assert (str(planned.pool), planned.per_host) == ("172.16.0.0/13", 32)


def test_hosts_without_interfaces_have_no_pool() -> None:
    assert rdma_addresses(hosts=8, interfaces=0) is None
