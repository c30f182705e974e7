"""Rates between GPUs, on the fabric that joins them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rackwright.catalog import GPUS, HOSTS
from rackwright.sizing.step.layouts import Integers, Numbers
from rackwright.sizing.step.machine import Machine
from tests.rackwright.sizing.machines import hgx, pod

pytestmark = pytest.mark.pure


def column(*values: int) -> Integers:
    """A column."""
    return np.array(values, dtype=np.int64)


def rate(machine: Machine, *, ranks: int, inner: int) -> float:
    """Rate of a ring."""
    found: Numbers = machine.collective_bytes_per_s(column(ranks), inner=column(inner))
    return float(found[0])


def test_a_group_inside_a_host_goes_over_nvlink() -> None:
    machine = hgx()
    assert rate(machine, ranks=8, inner=1) == rate(machine, ranks=2, inner=4) == machine.nvlink_bytes_per_s


def test_a_ring_across_hosts_leaves_each_through_the_ports_of_all_its_members_there() -> None:
    machine = hgx()
    assert rate(machine, ranks=16, inner=8) == machine.network_bytes_per_s
    assert rate(machine, ranks=16, inner=4) == 2 * machine.network_bytes_per_s
    assert rate(machine, ranks=16, inner=1) == min(8 * machine.network_bytes_per_s, machine.nvlink_bytes_per_s)


def test_a_larger_nvlink_domain_keeps_larger_groups_off_the_ports() -> None:
    """GB200: 72 GPUs of 18 hosts."""
    rack = replace(hgx(), gpu=GPUS.entries["gb200-sxm-186gb"], host=HOSTS.entries["DGX-GB200"])
    assert rack.host.nvlink_domain_gpus == 72
    assert rate(rack, ranks=64, inner=1) == rack.nvlink_bytes_per_s
    assert rate(rack, ranks=2, inner=72) < rack.nvlink_bytes_per_s


def test_the_fabric_narrows_only_for_groups_that_leave_its_domains() -> None:
    machine = hgx(levels=(pod(hosts=4, oversubscription=7),))
    assert list(machine.oversubscription(column(8, 32, 33, 64))) == [1, 1, 7, 7]
    assert rate(machine, ranks=8, inner=8) == pytest.approx(machine.network_bytes_per_s / 7)


def test_levels_narrow_one_after_the_other() -> None:
    machine = hgx(levels=(pod(hosts=16, oversubscription=3), pod(hosts=4, oversubscription=2)))
    assert list(machine.oversubscription(column(32, 64, 256))) == [1, 2, 6]


def test_fp8_products_are_faster_than_those_of_bf16() -> None:
    machine = hgx("fp8")
    assert machine.matrix_flops > machine.in_precision("bf16").matrix_flops
    assert machine.attention_flops == machine.in_precision("bf16").attention_flops
