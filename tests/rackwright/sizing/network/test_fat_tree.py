"""Switch and cable counts against NVIDIA's tables, and what must hold for any number of hosts and ports."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.network.fat_tree import Design, FatTree, TooManyHostsError, fat_tree

pytestmark = pytest.mark.pure


def rails(hosts: int, *, ports: int = 64) -> FatTree:
    """Hosts with a port on each of eight rails."""
    return fat_tree(Design(leaf_ports=ports, spine_ports=ports, host_ports=8, planes=8), hosts=hosts)


H100 = "NVIDIA DGX SuperPOD RA-11333, table 4: fabrics of whole units, one host less"
B200 = "NVIDIA DGX SuperPOD B200, table 3"
B300 = "NVIDIA DGX SuperPOD B300-XDR, table 3: 144 ports"

PUBLISHED = [
    (H100, 64, 31, (8, 4, 0), (248, 256, 0)),
    (H100, 64, 63, (16, 8, 0), (504, 512, 0)),
    (H100, 64, 95, (24, 16, 0), (760, 768, 0)),
    (H100, 64, 127, (32, 16, 0), (1016, 1024, 0)),
    (B200, 64, 64, (16, 8, 0), (512, 512, 0)),
    (B200, 64, 128, (32, 16, 0), (1024, 1024, 0)),
    (B200, 64, 256, (64, 32, 0), (2048, 2048, 0)),
    (B200, 64, 512, (128, 128, 64), (4096, 4096, 4096)),
    (B200, 64, 1024, (256, 256, 128), (8192, 8192, 8192)),
    (B200, 64, 2048, (512, 512, 256), (16384, 16384, 16384)),
    (B300, 144, 72, (8, 4, 0), (576, 576, 0)),
    (B300, 144, 144, (16, 8, 0), (1152, 1152, 0)),
    (B300, 144, 288, (32, 18, 0), (2304, 2304, 0)),
    (B300, 144, 576, (64, 36, 0), (4608, 4608, 0)),
    (B300, 144, 1296, (144, 72, 0), (10368, 10368, 0)),
]


@pytest.mark.parametrize(("source", "ports", "hosts", "switches", "cables"), PUBLISHED)
def test_counts_are_those_of_nvidia_s_tables(
    source: str, ports: int, hosts: int, switches: tuple[int, ...], cables: tuple[int, ...]
) -> None:
    """Of the H100 table, cables to the fabric manager (four) are left out."""
    tree = rails(hosts, ports=ports)
    assert (tree.leaves, tree.spines, tree.cores) == switches, source
    assert (tree.endpoints, tree.leaf_cables, tree.core_cables) == cables, source


@pytest.mark.parametrize("gpus", [512, 1024, 2048, 4096])
def test_a_fabric_without_rails_has_the_same_counts_in_whole_units(gpus: int) -> None:
    plain = fat_tree(Design(leaf_ports=64, spine_ports=64), hosts=gpus)
    assert (plain.leaves, plain.spines, plain.cores) == (
        rails(gpus // 8).leaves,
        rails(gpus // 8).spines,
        rails(gpus // 8).cores,
    )


def test_the_counts_of_a_third_party_study_are_not_used() -> None:
    """It has 192 and 384 switches for 4,096 and 8,192 GPUs; three tiers without oversubscription take 320 and 640."""
    assert [rails(hosts).switches for hosts in (512, 1024)] == [320, 640]


def test_colossus_has_units_of_512_gpus() -> None:
    """SN5600 as 128 ports of 400 Gbit/s: 64 hosts on eight leaves, as published of its groups."""
    assert rails(12_500, ports=128).design.unit_hosts * 8 == 512


def test_megascale_has_three_tiers_that_are_not_oversubscribed() -> None:
    """12,288 GPUs under 64-port switches of 400 Gbit/s (arXiv 2402.15627)."""
    tree = rails(12_288 // 8)
    assert (tree.tiers, tree.leaf_oversubscription, tree.spine_oversubscription) == (3, 1, 1)
    assert tree.leaf_cables == tree.core_cables == tree.endpoints == 12_288


def test_a_leaf_of_its_own_for_each_rack_and_a_narrow_core() -> None:
    """Meta's 24,576 GPUs: 1,536 racks of two hosts, eight pods of 3,072 GPUs, 1:7 above them."""
    design = Design(
        leaf_ports=64,
        spine_ports=576,
        host_ports=8,
        spine_oversubscription=7,
        most_unit_hosts=2,
        wished_pod_hosts=384,
    )
    tree = fat_tree(design, hosts=3072)
    assert (tree.leaves, tree.pods, tree.tiers) == (1536, 8, 3)
    assert tree.design.pod_units * tree.design.unit_hosts * 8 == 3072
    assert tree.spine_oversubscription == pytest.approx(7, rel=0.01)


def test_hosts_of_an_nvlink_domain_share_their_leaves() -> None:
    design = Design(leaf_ports=128, spine_ports=128, host_ports=4, planes=4, unit_multiple=18)
    assert design.unit_hosts == 54
    assert design.leaf_uplinks == 54


def test_beyond_three_tiers_there_is_no_tree() -> None:
    assert rails(8192).endpoints == 64**3 // 4
    with pytest.raises(TooManyHostsError, match="8,193 hosts are more than the 8,192 of three tiers"):
        rails(8193)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """Fabrics that can be built: with rails or without, oversubscribed or not."""
    host_ports = draw(st.sampled_from([1, 2, 4, 8]))
    return Design(
        leaf_ports=draw(st.sampled_from([32, 40, 64, 128, 144])),
        spine_ports=draw(st.sampled_from([32, 64, 128, 576])),
        host_ports=host_ports,
        planes=draw(st.sampled_from([1, host_ports])),
        leaf_oversubscription=draw(st.floats(1, 4)),
        spine_oversubscription=draw(st.floats(1, 8)),
        unit_multiple=draw(st.sampled_from([1, 2, 9, 18])),
    )


@given(design=designs(), part=st.floats(0, 1))
def test_switches_have_ports_for_all_cables(design: Design, part: float) -> None:
    hosts = max(1, round(part * design.most_hosts))
    tree = fat_tree(design, hosts=hosts)
    assert tree.endpoints + tree.leaf_cables <= tree.leaves * design.leaf_ports
    assert tree.leaf_cables + tree.core_cables <= tree.spines * design.spine_ports
    assert tree.core_cables <= tree.cores * design.spine_ports
    assert tree.cables == tree.endpoints + tree.leaf_cables + tree.core_cables
    assert tree.switches == tree.leaves + tree.spines + tree.cores


@given(design=designs(), part=st.floats(0, 1))
def test_oversubscription_is_never_more_than_asked(design: Design, part: float) -> None:
    tree = fat_tree(design, hosts=max(1, round(part * design.most_hosts)))
    assert 1 <= tree.leaf_oversubscription <= design.leaf_oversubscription + 1e-9
    assert 1 - 1e-9 <= tree.spine_oversubscription <= design.spine_oversubscription + 1e-9


@given(design=designs(), parts=st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_more_hosts_never_take_fewer_switches_or_cables(design: Design, parts: list[float]) -> None:
    trees = [fat_tree(design, hosts=max(1, round(part * design.most_hosts))) for part in sorted(parts)]
    for fewer, more in pairwise(trees):
        assert fewer.switches <= more.switches
        assert fewer.cables <= more.cables


@given(
    hosts=st.integers(1, 5000),
    leaf_ports=st.integers(2, 20),
    spine_ports=st.integers(2, 20),
    host_ports=st.integers(1, 8),
    planes=st.integers(1, 8),
    pod_hosts=st.none() | st.integers(1, 100),
)
def test_switches_that_are_too_small_are_refused(
    hosts: int, leaf_ports: int, spine_ports: int, host_ports: int, planes: int, pod_hosts: int | None
) -> None:
    design = Design(
        leaf_ports=leaf_ports,
        spine_ports=spine_ports,
        host_ports=host_ports,
        planes=min(planes, host_ports),
        wished_pod_hosts=pod_hosts,
    )
    fits = hosts <= max(design.one_switch_hosts, design.most_hosts)
    try:
        tree = fat_tree(design, hosts=hosts)
    except TooManyHostsError:
        assert not fits
    else:
        assert fits
        assert tree.hosts == hosts
