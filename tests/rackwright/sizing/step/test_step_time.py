"""The step time against published runs, and what must hold whatever the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import GPUS, HOSTS, MODELS, SOFTWARE
from rackwright.sizing.planning.step_plan import step_plan
from rackwright.sizing.step import flops
from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.parallelism import Layout
from rackwright.sizing.step.step_time import StepTimes, step_times
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.figure import Figure
from rackwright.specs.request import Precision
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure

TOLERANCE = 0.08
"""The worst error of these runs."""

# GPUs, precision, tensor, pipeline, virtual, context, micro-batch, batch, published seconds
DGXC_RUNS: dict[str, list[tuple[int, Precision, int, int, int, int, int, int, float]]] = {
    "llama-3-8b": [(128, "bf16", 1, 1, 1, 2, 1, 2048, 12.33), (128, "fp8", 1, 1, 1, 2, 1, 2048, 9.54)],
    "llama-3-70b": [(64, "bf16", 4, 4, 5, 2, 1, 128, 14.66), (2048, "fp8", 4, 8, 5, 1, 1, 4096, 10.15)],
    "llama-3.1-405b": [(512, "bf16", 8, 8, 8, 2, 1, 256, 19.78), (2048, "bf16", 8, 8, 8, 2, 1, 1024, 19.87)],
    "nemotron-4-15b": [(16, "bf16", 2, 1, 1, 1, 2, 64, 2.66), (2048, "fp8", 2, 1, 1, 1, 2, 8192, 2.09)],
    "nemotron-4-340b": [(256, "bf16", 8, 8, 12, 1, 1, 64, 4.36), (2048, "fp8", 8, 8, 12, 1, 1, 512, 3.05)],
}
"""NVIDIA/dgxc-benchmarking v25.04.02, H100 SXM 80 GB."""


def machine(precision: Precision = "bf16") -> Machine:
    """Hosts of eight H100 with Megatron."""
    return Machine(
        gpu=GPUS.entries["h100-sxm-80gb"],
        host=HOSTS.entries["DGX-H100"],
        software=SOFTWARE.entries["megatron"],
        precision=precision,
    )


LAYOUT = Layout(
    tensor=8,
    context=2,
    pipeline=8,
    virtual_pipeline=8,
    expert=1,
    data=8,
    micro_batch=1,
    micro_batches=64,
    recompute="none",
)

LLAMA = MODELS.entries["llama-3.1-405b"].architecture


def step(layout: Layout, on: Machine) -> StepTimes:
    """A step of Llama 3.1 405B."""
    return step_times(LLAMA, Layouts.of([layout]), on, sequence_tokens=8192)


def seconds(layout: Layout, on: Machine) -> float:
    """The whole step."""
    return float(step(layout, on).total_s[0])


@pytest.mark.parametrize(("name", "run"), [(name, run) for name, runs in DGXC_RUNS.items() for run in runs])
def test_dense_runs_take_about_the_published_time(
    name: str, run: tuple[int, Precision, int, int, int, int, int, int, float]
) -> None:
    gpus, precision, tensor, pipeline, virtual, context, micro_batch, batch, published_s = run
    data = gpus // (tensor * pipeline * context)
    layout = Layout(
        tensor=tensor,
        context=context,
        pipeline=pipeline,
        virtual_pipeline=virtual,
        expert=1,
        data=data,
        micro_batch=micro_batch,
        micro_batches=batch // data // micro_batch,
        recompute="none",
    )
    architecture = MODELS.entries[name].architecture
    predicted = step_times(
        architecture, Layouts.of([layout]), machine(precision), sequence_tokens=architecture.sequence_tokens
    )
    assert predicted.total_s[0] == pytest.approx(published_s, rel=TOLERANCE)


def test_the_parts_add_up() -> None:
    parts = step(LAYOUT, machine())
    values = [value[0] for value in vars(parts).values()]
    assert sum(values) == pytest.approx(parts.total_s[0])
    assert all(value >= 0 for value in values)


def test_many_layouts_at_once_take_what_each_takes_alone() -> None:
    several = [LAYOUT, replace(LAYOUT, tensor=4, pipeline=16), replace(LAYOUT, virtual_pipeline=1, recompute="full")]
    together = step_times(LLAMA, Layouts.of(several), machine(), sequence_tokens=8192).total_s
    assert list(together) == pytest.approx([seconds(layout, machine()) for layout in several])


@given(factor=st.floats(1.0, 10.0), link=st.sampled_from(["nvlink_gb_s", "memory_bandwidth_gb_s"]))
def test_more_bandwidth_is_never_slower(factor: float, link: str) -> None:
    slow = machine()
    faster = Figure(expected=getattr(slow.gpu, link).expected * factor)
    fast = replace(slow, gpu=slow.gpu.model_copy(update={link: faster}))
    assert seconds(LAYOUT, fast) <= seconds(LAYOUT, slow)


@given(ports=st.integers(1, 16))
def test_more_network_ports_are_never_slower(ports: int) -> None:
    few = replace(machine(), host=machine().host.model_copy(update={"ports_per_host": ports}))
    more = replace(machine(), host=machine().host.model_copy(update={"ports_per_host": ports + 1}))
    assert seconds(LAYOUT, more) <= seconds(LAYOUT, few)


@given(factor=st.floats(1.0, 16.0))
def test_a_narrower_fabric_is_never_faster(factor: float) -> None:
    def under(oversubscription: float) -> float:
        level = FabricLevel(name="pod", node_label="example.com/pod", hosts=4, oversubscription=oversubscription)
        return seconds(LAYOUT, replace(machine(), levels=(level,)))

    assert under(1.0) <= under(factor)
    assert under(16.0) > under(1.0)


def test_more_chunks_a_rank_make_the_bubble_smaller() -> None:
    plain, interleaved = step(replace(LAYOUT, virtual_pipeline=1), machine()), step(LAYOUT, machine())
    assert plain.bubble_s[0] > interleaved.bubble_s[0]


def test_recomputation_costs_a_third_more_matrix_work_in_the_layers() -> None:
    """The head isn't computed again, and stands on a rank that isn't the slowest."""
    without, full = step(LAYOUT, machine()), step(replace(LAYOUT, recompute="full"), machine())
    assert full.matrix_s[0] == pytest.approx(without.matrix_s[0] * 4 / 3, rel=0.01)
    selective = step(replace(LAYOUT, recompute="selective"), machine())
    assert without.total_s[0] < selective.total_s[0] < full.total_s[0]


def test_sharding_weights_costs_communication_with_each_micro_batch() -> None:
    """FSDP gathers weights for every micro-batch, ZeRO-1 once a step."""
    small = replace(LAYOUT, tensor=1, context=1, pipeline=1, virtual_pipeline=1, data=64, micro_batches=8)
    fsdp = replace(small, parameter_shards=64)
    assert step(fsdp, machine()).data_s[0] > step(small, machine()).data_s[0]


def test_experts_on_one_host_exchange_over_nvlink() -> None:
    moe = MODELS.entries["mixtral-8x7b"].architecture
    near = Layout(
        tensor=1,
        context=1,
        pipeline=4,
        virtual_pipeline=1,
        expert=8,
        data=16,
        micro_batch=1,
        micro_batches=16,
        recompute="none",
    )
    wide = replace(near, tensor=4, expert=8, expert_tensor=4, data=16)
    both = step_times(moe, Layouts.of([near, wide]), machine(), sequence_tokens=4096)
    assert 0 < both.expert_s[0] < both.expert_s[1]


def test_biases_of_experts_cost_memory_traffic_where_no_product_adds_them() -> None:
    """GPT-OSS, a token's 4 copies: 10 bytes for each of 2 × 2,880 inner and 2,880 outer values."""
    architecture = MODELS.entries["gpt-oss-120b"].architecture
    fused = machine()
    apart = replace(fused, software=fused.software.model_copy(update={"expert_biases_fused": False}))
    layouts = Layouts.of([Layout(**{**vars(LAYOUT), "tensor": 1, "context": 1, "pipeline": 1, "virtual_pipeline": 1})])
    without, with_them = (
        step_times(architecture, layouts, each, sequence_tokens=4096).elementwise_s[0] for each in (fused, apart)
    )
    traffic = 4096 * 64 * 36 * 4 * 10 * 3 * 2880
    assert with_them - without == pytest.approx(traffic / fused.memory_bytes_per_s)


def test_the_range_of_a_step_widens_beyond_what_the_fit_has_seen() -> None:
    """Llama 3.1 405B on 16,384 GPUs: published at 400 TFLOP/s a GPU (arXiv 2407.21783, table 4), at 16 ranks deep."""
    large = replace(LAYOUT, context=1, pipeline=16, virtual_pipeline=8, data=128, micro_batches=16)
    sized = step_plan(LLAMA, large, machine(), sequence_tokens=8192, figures=USUAL)
    published_s = 2048 * 8192 * flops.train_flops(LLAMA, sequence_tokens=8192) / 16384 / 400e12
    assert sized.step_s.expected < published_s
    assert sized.step_s.high is not None
    assert published_s <= sized.step_s.high
    small = step_plan(LLAMA, LAYOUT, machine(), sequence_tokens=8192, figures=USUAL)
    assert small.step_s.high is not None
    assert small.step_s.high / small.step_s.expected < sized.step_s.high / sized.step_s.expected


def test_what_is_hidden_of_the_messages_is_in_no_sum() -> None:
    sized = step_plan(LLAMA, LAYOUT, machine(), sequence_tokens=8192, figures=USUAL)
    assert sized.tensor_communication_hidden_s.expected > 0
    parts = [figure.expected for name, figure in sized if name != "step_s" and not name.endswith("_hidden_s")]
    assert sum(parts) == pytest.approx(sized.step_s.expected)
