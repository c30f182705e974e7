"""Messages between ranks: what must hold of their bytes and of what is hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import MODELS
from rackwright.sizing.step import communication, work
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.memory import Held
from rackwright.sizing.step.micro_batch import MicroBatch
from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.figure import Figure
from tests.rackwright.sizing.machines import hgx, layout, pod

pytestmark = pytest.mark.pure

LLAMA = MODELS.entries["llama-3-70b"].architecture
DEEPSEEK = MODELS.entries["deepseek-v3-671b"].architecture


def batch(*layouts: Layout, machine: Machine | None = None, deepseek: bool = False) -> MicroBatch:
    """A micro-batch of sequences of 8,192 tokens."""
    return MicroBatch(
        architecture=DEEPSEEK if deepseek else LLAMA,
        layouts=Layouts.of(layouts),
        machine=machine or hgx(),
        sequence_tokens=8192,
    )


def test_a_single_rank_of_any_kind_sends_nothing() -> None:
    alone = batch(layout())
    assert communication.tensor_s(alone)[0] == 0
    assert communication.context_s(alone, attention_s=np.zeros(1))[0] == 0
    assert communication.pipeline_s(alone)[0] == 0
    assert communication.expert_s(alone, work.dense_work(LLAMA))[0] == 0
    held = Held(shared=np.array([1e9]), experts=np.zeros(1))
    assert data_s(alone, held) == 0


def data_s(one: MicroBatch, held: Held, *, micro_batch_s: float = 0.0) -> float:
    """Exposed communication between the replicas of ten layers."""
    found = communication.data_s(
        one.layouts, one.machine, held=held, micro_batch_s=np.array([micro_batch_s]), layers=np.array([10])
    )
    return float(found[0])


def test_tensor_ranks_send_nine_times_the_hidden_state_less_their_own_part() -> None:
    """Half of it hidden; 8,192 tokens × 8,192 values × 2 bytes × 9 collectives × 3/4."""
    software = hgx().software.model_copy(update={"tensor_overlap": Figure(expected=0.5)})
    machine = replace(hgx(), software=software)
    seconds = communication.tensor_s(batch(layout(tensor=4), machine=machine))[0]
    assert seconds == pytest.approx(0.5 * 9 * 8192 * 8192 * 2 * 0.75 / machine.nvlink_bytes_per_s)


def test_attention_hides_the_context_ring() -> None:
    ring = batch(layout(context=16))
    whole = communication.context_s(ring, attention_s=np.zeros(1))[0]
    assert whole > 0
    assert communication.context_s(ring, attention_s=np.array([whole / 2]))[0] == pytest.approx(whole / 2)
    assert communication.context_s(ring, attention_s=np.array([2 * whole]))[0] == 0


def test_experts_beyond_the_host_take_the_ports_and_feel_a_narrow_fabric() -> None:
    layer = work.expert_work(DEEPSEEK)
    near, far = layout(expert=8, data=64), layout(expert=64, data=64)
    wide = communication.expert_s(batch(near, far, deepseek=True), layer)
    narrow = communication.expert_s(batch(near, far, deepseek=True, machine=hgx(levels=(pod(1, 4.0),))), layer)
    assert wide[0] < wide[1]
    assert narrow[0] == wide[0]
    assert narrow[1] == pytest.approx(4 * wide[1])


def test_merged_copies_travel_once_to_a_host_and_only_to_the_groups_of_the_routing() -> None:
    """DeepSeek-V3: 8 experts of at most 4 of 8 groups; over 8 hosts that is 4 copies, 7 of 8 of them leave."""
    layer = work.expert_work(DEEPSEEK)
    far = layout(expert=64, data=64)
    megatron, merged = hgx(), hgx(software="fsdp")
    alike = replace(merged, software=megatron.software.model_copy(update={"expert_copies_merged": True}))
    each = communication.expert_s(batch(far, deepseek=True, machine=megatron), layer)[0]
    once = communication.expert_s(batch(far, deepseek=True, machine=alike), layer)[0]
    assert once == pytest.approx(each / 2)


def test_tokens_that_visit_experts_in_turn_go_to_one_host() -> None:
    """By chance DeepSeek-V3's 8 experts stand on 4 of 8 hosts, 32 experts each; in turn they stand on one."""
    layer = work.expert_work(DEEPSEEK)
    far, merged = layout(expert=64, data=64), hgx(software="fsdp")
    by_chance = communication.expert_s(batch(far, deepseek=True, machine=merged), layer)[0]
    in_turn = communication.expert_s(batch(far, deepseek=True, machine=replace(merged, routes_in_turn=True)), layer)[0]
    assert in_turn == pytest.approx(by_chance / 4)


@given(experts=st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 256]))
def test_tokens_in_turn_never_travel_more_than_by_chance(experts: int) -> None:
    layer, merged = work.expert_work(DEEPSEEK), hgx(software="fsdp")
    split = layout(expert=experts, data=256)
    by_chance = communication.expert_s(batch(split, deepseek=True, machine=merged), layer)[0]
    in_turn = communication.expert_s(batch(split, deepseek=True, machine=replace(merged, routes_in_turn=True)), layer)
    assert in_turn[0] <= by_chance * (1 + 1e-9)


def test_only_an_interleaved_pipeline_hides_its_transfers() -> None:
    plain, interleaved = layout(pipeline=4, micro_batches=8), layout(pipeline=4, micro_batches=8, virtual_pipeline=2)
    seconds = communication.pipeline_s(batch(plain, interleaved))
    overlap = hgx().software.pipeline_overlap.expected
    assert seconds[1] == pytest.approx(2 * seconds[0] * (1 - overlap))


@given(micro_batch_s=st.floats(0, 10), data=st.sampled_from([2, 8, 64, 1024]))
def test_what_is_exposed_lies_between_interference_and_all_of_it(micro_batch_s: float, data: int) -> None:
    held = Held(shared=np.array([1e9]), experts=np.zeros(1))
    one = batch(layout(data=data))
    whole = data_s(one, held)
    exposed = data_s(one, held, micro_batch_s=micro_batch_s)
    interference = one.machine.software.data_interference.expected
    assert interference * whole * (1 - 1e-9) <= exposed <= whole * (1 + 1e-9)


def test_fsdp_gathers_with_every_micro_batch_but_in_a_pipeline_once() -> None:
    held = Held(shared=np.array([1e9]), experts=np.zeros(1))
    once = layout(data=8, parameter_shards=8)
    four = replace(once, micro_batches=4)
    assert data_s(batch(four), held) == pytest.approx(4 * data_s(batch(once), held))
    piped = replace(four, pipeline=2)
    assert data_s(batch(piped), held) < data_s(batch(four), held)


def test_hybrid_sharding_keeps_the_gathering_inside_the_host() -> None:
    held = Held(shared=np.array([1e9]), experts=np.zeros(1))
    whole = layout(data=64, parameter_shards=64)
    assert data_s(batch(replace(whole, parameter_shards=8)), held) < data_s(batch(whole), held)
