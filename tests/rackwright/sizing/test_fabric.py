"""Switch counts against NVIDIA's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import HOSTS, SWITCHES
from rackwright.sizing.fabric import endpoints, fat_tree, large_enough, largest

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("gpus", "leaves", "spines", "cores"),
    [(512, 16, 8, 0), (1024, 32, 16, 0), (2048, 64, 32, 0), (4096, 128, 128, 64)],
)
def test_counts_are_those_of_nvidias_table(gpus: int, leaves: int, spines: int, cores: int) -> None:
    """NVIDIA DGX SuperPOD reference architecture, NDR switches of 64 ports; cables in each tier: one a GPU."""
    tree = fat_tree(endpoints=gpus, ports=64)
    assert (tree.leaves, tree.spines, tree.cores) == (leaves, spines, cores)
    assert tree.cables == gpus * tree.tiers


@given(count=st.integers(1, 65_536), ports=st.sampled_from([32, 64, 128]))
def test_switches_have_ports_for_all_cables(count: int, ports: int) -> None:
    if count > largest(ports):
        return
    tree = fat_tree(endpoints=count, ports=ports)
    ends = count * (2 * tree.tiers - 1)  # each cable but those at the hosts ends in two switches
    assert tree.switches * ports >= ends


def test_beyond_three_tiers_there_is_no_tree() -> None:
    with pytest.raises(ValueError, match="65537 endpoints are more than the 65536"):
        fat_tree(endpoints=65_537, ports=64)


def test_two_ports_of_200_share_one_of_400() -> None:
    oracle, switch = HOSTS.entries["BM.GPU.H100.8"], SWITCHES.entries["qm9700"]
    assert endpoints(host=oracle, hosts=128, switch=switch) == 1024


def test_a_switch_that_is_too_small_gives_way_to_the_smallest_that_suffices() -> None:
    host = HOSTS.entries["DGX-H100"]
    assert large_enough("qm9700", host=host, hosts=8192) == "qm9700"
    assert large_enough("qm9700", host=host, hosts=12_500) == "sn5600"
