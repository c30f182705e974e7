"""Pipeline groups in domains, and what losses do to them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import PLACES
from rackwright.sizing.files.placement import groups_after_losses, topology_wish
from rackwright.sizing.network.fabric import domain_sizes
from rackwright.specs.training_job import Slice

pytestmark = pytest.mark.pure

LEVELS = PLACES.entries["oracle"].levels


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=3), group=st.integers(1, 4), losses=st.integers(0, 6))
def test_losses_are_the_worst_that_can_be(sizes: list[int], group: int, losses: int) -> None:
    """Against all ways to lose so many hosts."""
    worst = min(
        sum((size - lost) // group for size, lost in zip(sizes, lost_each, strict=True))
        for lost_each in product(*(range(size + 1) for size in sizes))
        if sum(lost_each) == min(losses, sum(sizes))
    )
    assert groups_after_losses(sizes, group_hosts=group, losses=losses) == worst


@given(hosts=st.integers(1, 20_000), full=st.integers(1, 3000))
def test_domains_hold_all_hosts(hosts: int, full: int) -> None:
    sizes = domain_sizes(hosts, full)
    assert sum(sizes) == hosts
    assert all(0 < size <= full for size in sizes)


def test_a_job_of_one_block_prefers_it_and_keeps_its_groups_in_it() -> None:
    """In leaves of 32, three lost hosts could leave fewer than eight groups of 16; in the block they can't."""
    wish = topology_wish(levels=LEVELS, cluster_hosts=131, job_hosts=128, group_hosts=16, losses=3)
    assert wish.preferred == "block"
    assert wish.slice == Slice(level="block", hosts=16)
    assert wish.required is None


def test_a_job_of_single_host_groups_has_only_a_preference() -> None:
    wish = topology_wish(levels=LEVELS, cluster_hosts=9, job_hosts=8, group_hosts=1, losses=1)
    assert wish.preferred == "leaf"
    assert wish.slice is None


def test_a_job_larger_than_any_domain_prefers_the_coarsest() -> None:
    wish = topology_wish(levels=LEVELS, cluster_hosts=12_600, job_hosts=12_496, group_hosts=16, losses=95)
    assert wish.preferred == "island"
