"""Checkpoints and the storage that they ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import HOSTS
from rackwright.sizing.figures import ends, exact
from rackwright.sizing.operation import storage
from rackwright.specs.operation import StoragePlan
from rackwright.specs.terms import StorageTerms
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure

LLAMA_405B = 405_853_388_800


def planned(
    *, parameters: int = LLAMA_405B, hosts: int = 2048, vocabulary: int = 128_256, **terms: object
) -> StoragePlan:
    training = storage.Training(
        parameters=parameters,
        gpus=16_384,
        replica_writers=128,
        hosts=hosts,
        host=HOSTS.entries["DGX-H100"],
        tokens=15.6e12,
        vocabulary=vocabulary,
        figures=USUAL,
    )
    return storage.storage_plan(training, terms=StorageTerms.model_validate(terms))


@pytest.mark.parametrize(
    ("parameters", "published_gib"),
    [
        pytest.param(8_030_261_248, 105, id="Llama 3 8B: 105 GB"),
        pytest.param(70_553_706_496, 920, id="Llama 3 70B: 920 GB"),
        pytest.param(LLAMA_405B, 5.2 * 1024, id="Llama 3.1 405B: 5.2 TB"),
        pytest.param(15_630_000_000, 204, id="Nemotron 4 15B: 204 GB"),
        pytest.param(341_000_000_000, 4.4 * 1024, id="Nemotron 4 340B: 4.4 TB"),
    ],
)
def test_checkpoints_have_the_published_size(parameters: int, published_gib: float) -> None:
    """NVIDIA/dgxc-benchmarking; its GB and TB are 2^30 and 2^40 bytes."""
    size_gib = planned(parameters=parameters).checkpoint_gb.expected * 1e9 / 2**30
    assert size_gib == pytest.approx(published_gib, rel=0.02)


def test_a_gpu_s_share_lies_in_the_published_range() -> None:
    """ArXiv 2407.21783: between 1 MB and 4 GB a GPU."""
    share = planned().checkpoint_gpu_gb
    assert 1e-3 < share.expected < 4
    assert share.expected * 16_384 == pytest.approx(planned().checkpoint_gb.expected)
    assert ends(share)[1] > share.expected


def test_what_the_storage_takes_sets_the_stall_and_the_stall_what_it_must_take() -> None:
    asked = planned(stall_budget_s=20)
    assert asked.write_bandwidth_gb_s.expected == pytest.approx(asked.checkpoint_gb.expected / 20)
    there = planned(write_gb_s=2000)
    assert there.checkpoint_write_s.expected == pytest.approx(there.checkpoint_gb.expected / 2000)
    assert there.checkpoint_stall_s == there.checkpoint_write_s


def test_few_hosts_can_t_write_faster_than_their_front_networks() -> None:
    """405B from 16 hosts of 40 GB/s each takes 8.9 s, however fast the storage."""
    few = planned(hosts=16, write_gb_s=1_000_000)
    assert few.checkpoint_write_s.expected == pytest.approx(few.checkpoint_gb.expected / (16 * 40))
    assert few.checkpoint_read_s.expected == pytest.approx(few.checkpoint_gb.expected / (16 * 40))
    hurried = planned(hosts=16, stall_budget_s=1)
    assert hurried.checkpoint_write_s.expected == pytest.approx(hurried.checkpoint_gb.expected / (16 * 40))


def test_in_the_background_only_the_copy_to_the_host_stops_the_training() -> None:
    own = planned(checkpoints="async")
    assert own.checkpoint_stall_s == own.checkpoint_copy_s
    assert own.checkpoint_copy_s.expected == pytest.approx(own.checkpoint_gpu_gb.expected / 20)
    assert own.checkpoint_stall_s.expected < own.checkpoint_write_s.expected


@pytest.mark.parametrize(("vocabulary", "terabytes"), [(32_000, 31.2), (65_499, 31.2), (65_500, 62.4), (128_256, 62.4)])
def test_tokens_take_two_or_four_bytes(vocabulary: int, terabytes: float) -> None:
    assert planned(vocabulary=vocabulary).training_data_tb.expected == pytest.approx(terabytes)


@given(last=st.integers(1, 100), milestones=st.integers(0, 50), every=st.floats(0.5, 30), days=st.floats(1, 400))
def test_the_capacity_holds_what_is_kept_and_the_tokens(last: int, milestones: int, every: float, days: float) -> None:
    terms = StorageTerms(keep_last=last, milestones=milestones, keep_every_days=every)
    own = storage.with_retention(
        planned(keep_last=last, milestones=milestones), days=exact(days, formula="-"), terms=terms
    )
    assert own.checkpoints_kept.expected == last + milestones + int(days / every)
    kept_tb = own.checkpoints_kept.expected * own.checkpoint_gb.expected / 1000
    assert own.capacity_tb.expected == pytest.approx(kept_tb + own.training_data_tb.expected)


@given(faster=st.floats(1, 100), rate=st.floats(1, 5000))
def test_faster_storage_is_never_slower(faster: float, rate: float) -> None:
    slow, fast = planned(write_gb_s=rate), planned(write_gb_s=rate * faster)
    assert fast.checkpoint_write_s.expected <= slow.checkpoint_write_s.expected
    assert fast.checkpoint_read_s.expected <= slow.checkpoint_read_s.expected


def test_reading_all_weights_by_every_replica_takes_many_times_as_long() -> None:
    """405B: 128 replicas read 103 TB of weights in all, besides the 5.7 TB that are read once."""
    own = planned()
    repeated = storage.repeated_read_s(own, parameters=LLAMA_405B, replicas=128)
    read_gb = 5682 + 127 * 811.7
    assert repeated == pytest.approx(own.checkpoint_read_s.expected * read_gb / 5682, rel=0.001)
