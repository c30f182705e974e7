"""The step time against published runs, and what must hold whatever the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import GPUS, HOSTS, MODELS, SOFTWARE
from rackwright.sizing.parallelism import Layout
from rackwright.sizing.step_time import Machine, StepTime, step_time
from rackwright.specs.figure import Figure
from rackwright.specs.request import Precision

pytestmark = pytest.mark.pure

TOLERANCE = 0.10
"""The worst error of a dense run that this simple model may make."""

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


def seconds(layout: Layout, on: Machine) -> StepTime:
    """A step of Llama 3.1 405B."""
    return step_time(LLAMA, layout, on, sequence_tokens=8192)


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
    predicted = step_time(architecture, layout, machine(precision), sequence_tokens=architecture.sequence_tokens)
    assert predicted.total_s == pytest.approx(published_s, rel=TOLERANCE)


def test_the_parts_add_up() -> None:
    step = seconds(LAYOUT, machine())
    parts = [value for name, value in vars(step).items() if name.endswith("_s")]
    assert sum(parts) == pytest.approx(step.total_s)
    assert all(part >= 0 for part in parts)


@given(factor=st.floats(1.0, 10.0), link=st.sampled_from(["nvlink_gb_s", "memory_bandwidth_gb_s"]))
def test_more_bandwidth_is_never_slower(factor: float, link: str) -> None:
    slow = machine()
    faster = Figure(expected=getattr(slow.gpu, link).expected * factor)
    fast = replace(slow, gpu=slow.gpu.model_copy(update={link: faster}))
    assert seconds(LAYOUT, fast).total_s <= seconds(LAYOUT, slow).total_s


@given(ports=st.integers(1, 16))
def test_more_network_ports_are_never_slower(ports: int) -> None:
    few = replace(machine(), host=machine().host.model_copy(update={"ports_per_host": ports}))
    more = replace(machine(), host=machine().host.model_copy(update={"ports_per_host": ports + 1}))
    assert seconds(LAYOUT, more).total_s <= seconds(LAYOUT, few).total_s


def test_more_chunks_a_rank_make_the_bubble_smaller() -> None:
    assert seconds(replace(LAYOUT, virtual_pipeline=1), machine()).bubble_s > seconds(LAYOUT, machine()).bubble_s


def test_recomputation_costs_a_third_more_matrix_work() -> None:
    without, full = seconds(LAYOUT, machine()), seconds(replace(LAYOUT, recompute="full"), machine())
    assert full.matrix_s == pytest.approx(without.matrix_s * 4 / 3)
