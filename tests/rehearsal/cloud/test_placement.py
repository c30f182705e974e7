"""Which hosts a pool gets, and which it gives back."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.cloud.errors import OracleError
from rehearsal.cloud.state import Host, Store
from tests.rehearsal.cloud.account import Account, account_in

pytestmark = pytest.mark.pure


def hosts_of(account: Account, network: str) -> list[Host]:
    return Store(account.oracle.directory).read().hosts_of(network)


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(min_value=0, max_value=80), min_size=1, max_size=5))
def test_a_pool_always_has_the_lowest_positions_and_its_oldest_hosts(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        account = account_in(Path(directory))
        subnet, configuration = account.subnet(account.vcn()), account.configuration()
        network = account.cluster_network(configuration, subnet, hosts=sizes[0])
        before = hosts_of(account, network)
        for size in sizes:
            outputs = account.resize(network, configuration, subnet, hosts=size)
            now = hosts_of(account, network)
            assert [host.position for host in now] == list(range(size))
            assert now[: len(before)] == before[:size]
            assert outputs["instancePools"][0]["currentSize"] == size
            before = now


def test_a_second_pool_fills_what_the_first_leaves_free(account: Account) -> None:
    subnet, configuration = account.subnet(account.vcn()), account.configuration()
    first = account.cluster_network(configuration, subnet, hosts=40)
    second = account.cluster_network(configuration, subnet, hosts=10)
    account.resize(first, configuration, subnet, hosts=33)
    account.resize(second, configuration, subnet, hosts=20)
    assert [host.position for host in hosts_of(account, second)] == [*range(40, 50), *range(33, 40), 50, 51, 52]


def test_addresses_are_unique_and_never_those_that_oracle_keeps(account: Account) -> None:
    vcn, configuration = account.vcn(), account.configuration()
    subnet = account.subnet(vcn, "10.140.1.0/28")
    network = account.cluster_network(configuration, subnet, hosts=13)
    addresses = [ipaddress.IPv4Address(host.address) for host in hosts_of(account, network)]
    block = ipaddress.IPv4Network("10.140.1.0/28")
    assert addresses == [block[index] for index in range(2, 15)]


def test_a_subnet_without_free_addresses_is_an_error_and_changes_nothing(account: Account) -> None:
    configuration, subnet = account.configuration(), account.subnet(account.vcn(), "10.140.1.0/28")
    network = account.cluster_network(configuration, subnet, hosts=10)
    with pytest.raises(OracleError, match=r"has 3 free private IP addresses; 4 more are needed"):
        account.resize(network, configuration, subnet, hosts=14)
    assert len(hosts_of(account, network)) == 10


def test_more_hosts_than_there_are_is_out_of_host_capacity(account: Account) -> None:
    with Store(account.oracle.directory).transaction() as cloud:
        cloud.capacity["BM.GPU.H100.8"] = 8
    configuration, subnet = account.configuration(), account.subnet(account.vcn())
    account.cluster_network(configuration, subnet, hosts=5)
    with pytest.raises(OracleError, match=r"500-InternalError, Out of host capacity.*4 more hosts.*3 of 8 are free"):
        account.cluster_network(configuration, subnet, hosts=4)
    account.cluster_network(configuration, subnet, hosts=3)


def test_twelve_thousand_five_hundred_h100_hosts_are_there_by_default(account: Account) -> None:
    vcn = account.vcn()
    configuration, subnet = account.configuration(), account.subnet(vcn, "10.140.0.0/18")
    network = account.cluster_network(configuration, subnet, hosts=12_500)
    assert len({host.address for host in hosts_of(account, network)}) == 12_500
    blocks = account.outputs(network)["networkBlockIds"]
    assert len(blocks) == len(set(blocks)) == 49


def test_a_shape_without_rdma_has_no_place_in_a_cluster_network(account: Account) -> None:
    subnet, configuration = account.subnet(account.vcn()), account.configuration(shape="VM.Standard.E5.Flex")
    with pytest.raises(OracleError, match=r"VM\.Standard\.E5\.Flex is not supported in a cluster network"):
        account.cluster_network(configuration, subnet, hosts=1)
