"""The address plan has room for every cluster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.addresses import network, pods_per_host

pytestmark = pytest.mark.pure


@given(hosts=st.integers(1, 13_000))
def test_hosts_and_pods_have_addresses(hosts: int) -> None:
    """The Network model itself refuses overlaps and subnets outside the network."""
    pods = pods_per_host(hosts)
    planned = network(hosts=hosts, pods=hosts * pods)
    assert planned.node_addresses() >= hosts
    assert planned.pod_addresses() >= hosts * pods
    assert 16 <= pods <= 31


def test_a_cluster_of_100_000_gpus_fits_into_one_network() -> None:
    planned = network(hosts=12_600, pods=12_600 * pods_per_host(12_600))
    assert len(planned.vcn) == 5
    assert str(planned.nodes) == "10.140.64.0/18"
