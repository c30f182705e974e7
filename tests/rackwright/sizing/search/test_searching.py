"""The search never loses to any layout and counts right; and the laws hold that let it leave layouts out."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.catalog import GPUS, HOSTS, PLACES, SOFTWARE, Software
from rackwright.sizing.published.matching import Case, match
from rackwright.sizing.published.reading import read_runs
from rackwright.sizing.published.runs import Run
from rackwright.sizing.search import enumeration
from rackwright.sizing.search.bounds import bounds, most_tokens_per_s
from rackwright.sizing.search.enumeration import Space
from rackwright.sizing.search.ranking import SPLIT
from rackwright.sizing.search.searching import MORE_MEMORY, Found, prepare, search
from rackwright.sizing.step import memory
from rackwright.sizing.step.layouts import Layouts, Numbers
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.step_time import step_times
from rackwright.specs.architecture import Architecture, Experts
from rackwright.specs.figure import Figure

pytestmark = pytest.mark.pure

DENSE = Architecture(layers=6, hidden=1024, ffn=4096, heads=8, kv_heads=4, vocabulary=32_000, sequence_tokens=4096)
MIXTURE = Architecture(
    layers=5,
    hidden=1024,
    ffn=4096,
    heads=8,
    kv_heads=4,
    vocabulary=32_000,
    sequence_tokens=4096,
    experts=Experts(count=8, active=2, ffn=2048, shared=1, dense_layers=1),
)


@st.composite
def software(draw: st.DrawFn) -> Software:
    """Training software with any constants: each a part or a multiple of the catalogue's."""
    entry = SOFTWARE.entries[draw(st.sampled_from(["megatron", "megatron-deepep", "fsdp"]))]

    def moved(figure: Figure) -> Figure:
        return Figure(expected=figure.expected * draw(st.sampled_from([0.2, 1.0, 1.2])))

    fractions = {
        name: moved(value) for name, value in entry if isinstance(value, Figure) and name != "memory_overhead_gb"
    }
    return entry.model_copy(update={**fractions, "memory_overhead_gb": Figure(expected=0.1)})


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Hosts of eight GPUs with more or less memory, in a fabric that may be oversubscribed."""
    gpu = GPUS.entries["h100-sxm-80gb"]
    levels = [
        level.model_copy(update={"hosts": hosts, "oversubscription": draw(st.sampled_from([1.0, 4.0]))})
        for level, hosts in zip(PLACES.entries["existing"].levels, (2, 1), strict=False)
    ]
    return Machine(
        gpu=gpu.model_copy(update={"memory_gb": Figure(expected=draw(st.sampled_from([0.5, 1.0, 1.5, 3.0, 80.0])))}),
        host=HOSTS.entries["DGX-H100"],
        software=draw(software()),
        precision=draw(st.sampled_from(["bf16", "fp8"])),
        levels=tuple(levels),
    )


@st.composite
def spaces(draw: st.DrawFn, machine: Machine) -> Space:
    """Small models on up to four hosts."""
    return Space.of(
        draw(st.sampled_from([DENSE, MIXTURE])),
        machine,
        gpus=draw(st.integers(1, 32)),
        sequence_tokens=draw(st.sampled_from([2048, 4096])),
        batch=draw(st.integers(1, 24)),
    )


def total_s(space: Space, machine: Machine, layouts: Layouts) -> Numbers:
    """The whole step of each layout."""
    return step_times(space.architecture, layouts, machine, sequence_tokens=space.sequence_tokens).total_s


def used_gb(space: Space, machine: Machine, layouts: Layouts) -> Numbers:
    """The fullest rank's memory of each layout."""
    return memory.fullest_gb(space.architecture, layouts, machine.software, sequence_tokens=space.sequence_tokens)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), machine=machines())
def test_the_search_finds_and_counts_what_a_look_at_all_layouts_does(data: st.DataObject, machine: Machine) -> None:
    """Best and runner-up, the fastest that more memory would allow, and how many were left out and why."""
    space = data.draw(spaces(machine))
    found = search(prepare(space, machine))
    every = enumeration.layouts(space)
    memory_gb = used_gb(space, machine, every) if len(every) else np.empty(0)
    fitting = every.take(memory_gb <= machine.gpu.memory_gb.expected)
    best_and_runner_up_are_those_of(fitting, found, space, machine)
    too_large_is_faster_and_does_not_fit(every, found, space, machine)
    counts = found.counts
    assert counts.valid == len(every) == counts.refused_by_memory + counts.slower_for_certain + counts.computed
    assert min(counts.refused_by_memory, counts.slower_for_certain, counts.computed) >= 0
    assert counts.refused_by_memory <= counts.valid - len(fitting)
    assert counts.computed <= len(fitting)


def best_and_runner_up_are_those_of(fitting: Layouts, found: Found, space: Space, machine: Machine) -> None:
    """Nothing that fits is faster than the best, nor than the runner-up where it splits the model otherwise."""
    if not len(fitting):
        assert found.best is None
        return
    tokens_per_s = fitting.batch * space.sequence_tokens / total_s(space, machine, fitting)
    assert found.best is not None
    assert found.best.tokens_per_s == pytest.approx(tokens_per_s.max(), rel=1e-12)
    # Layouts that are as fast as each other may split the model in different ways.
    best = np.all([getattr(fitting, name) == getattr(found.best.layout, name) for name in SPLIT], axis=0)
    if best.all():
        assert found.runner_up is None
    else:
        assert found.runner_up is not None
        assert found.runner_up.tokens_per_s == pytest.approx(tokens_per_s[~best].max(), rel=1e-12)


def too_large_is_faster_and_does_not_fit(every: Layouts, found: Found, space: Space, machine: Machine) -> None:
    """Of those with the best's micro-batch on their most data ranks, the fastest that twice the memory holds."""
    if found.best is None:
        assert found.too_large is None
        return
    alike = on_most_data(every.take(every.micro_batch == found.best.layout.micro_batch))
    alike = alike.take(alike.parameter_shards == (alike.replicas if space.fully_sharded else 1))
    memory_gb, there_gb = used_gb(space, machine, alike), machine.gpu.memory_gb.expected
    too_large = alike.take((memory_gb > there_gb) & (memory_gb <= MORE_MEMORY * there_gb))
    rates = too_large.batch * space.sequence_tokens / total_s(space, machine, too_large) if len(too_large) else [0.0]
    if max(rates) <= found.best.tokens_per_s:
        assert found.too_large is None
    else:
        assert found.too_large is not None
        assert found.too_large.tokens_per_s == pytest.approx(max(rates))
        assert found.too_large.memory_gb > machine.gpu.memory_gb.expected


def on_most_data(layouts: Layouts) -> Layouts:
    """Those that have the most data ranks of all with the same split, on hosts as a whole and on a part of one."""
    split = ("tensor", "context", "pipeline", "virtual_pipeline", "expert", "expert_tensor", "recompute")
    columns = [*(getattr(layouts, name) for name in split), layouts.gpus < 8]
    _, same = np.unique(np.stack(columns), axis=1, return_inverse=True)
    most = np.zeros(len(layouts), dtype=np.int64)
    np.maximum.at(most, same, layouts.data)
    return layouts.take(layouts.data == most[same])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), machine=machines(), fewer=st.integers(1, 32))
def test_a_prepared_space_finds_the_same_on_fewer_gpus(data: st.DataObject, machine: Machine, fewer: int) -> None:
    space = data.draw(spaces(machine))
    fewer = min(fewer, space.gpus)
    by_itself = search(prepare(replace(space, gpus=fewer), machine))
    assert same(search(prepare(space, machine), gpus=fewer), by_itself)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), machine=machines(), part=st.sampled_from([0.5, 0.999, 1.001, 2.0]))
def test_a_rate_to_be_exceeded_is_exceeded_or_nothing_is_found(
    data: st.DataObject, machine: Machine, part: float
) -> None:
    space = data.draw(spaces(machine))
    prepared = prepare(space, machine)
    free = search(prepared)
    if free.best is None:
        return
    asked = search(prepared, at_least=part * free.best.tokens_per_s)
    assert (asked.best == free.best) if part < 1 else (asked.best is None)


def same(one: Found, other: Found) -> bool:
    """Whether the same rates were found, if not by the same layouts."""
    if one.best is None or other.best is None:
        return one.best is other.best
    return one.best.tokens_per_s == pytest.approx(other.best.tokens_per_s)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), machine=machines())
def test_memory_falls_with_data_ranks_and_rises_with_micro_batches(data: st.DataObject, machine: Machine) -> None:
    """First law of the search."""
    space = data.draw(spaces(machine))
    splits = enumeration.model_splits(space)
    if not len(splits):
        return
    base = splits.layouts
    ranks = splits.step * data.draw(st.integers(1, 40))

    def gb(*, times: int, micro_batch: int, micro_batches: int) -> Numbers:
        spread = replace(
            base,
            data=ranks * times,
            parameter_shards=ranks * times * base.context if space.fully_sharded else base.parameter_shards,
            micro_batch=base.micro_batch * micro_batch,
            micro_batches=base.micro_batches * micro_batches,
        )
        return used_gb(space, machine, spread)

    one = gb(times=1, micro_batch=1, micro_batches=1)
    assert (gb(times=2, micro_batch=1, micro_batches=1) <= one * (1 + 1e-12)).all()
    assert (gb(times=3, micro_batch=1, micro_batches=1) <= one * (1 + 1e-12)).all()
    assert (gb(times=1, micro_batch=2, micro_batches=1) >= one).all()
    assert (gb(times=1, micro_batch=1, micro_batches=2) >= one).all()


@settings(max_examples=60, deadline=None)
@given(data=st.data(), machine=machines())
def test_sharding_over_fewer_ranks_takes_more_memory(data: st.DataObject, machine: Machine) -> None:
    """First law of the search, for HSDP."""
    space = data.draw(spaces(machine))
    layouts = enumeration.layouts(space)
    if not len(layouts):
        return
    widest = replace(
        layouts,
        parameter_shards=layouts.replicas if space.fully_sharded else layouts.parameter_shards,
    )
    assert (used_gb(space, machine, widest) <= used_gb(space, machine, layouts) * (1 + 1e-12)).all()


@settings(max_examples=100, deadline=None)
@given(data=st.data(), machine=machines())
def test_a_step_takes_at_least_what_one_data_rank_bounds_it_to(data: st.DataObject, machine: Machine) -> None:
    """Second law of the search."""
    space = data.draw(spaces(machine))
    splits = enumeration.model_splits(space)
    largest = np.minimum(3, space.largest_batch // (splits.step * splits.sequences))
    replicas = enumeration.with_micro_batches(splits, largest)
    if not len(replicas):
        return
    least = bounds(space, machine, replicas)
    layouts, which = enumeration.on_data_ranks(space, replicas, least=np.ones(len(replicas), dtype=np.int64))
    if not len(layouts):
        return
    least_s = layouts.micro_batches * least.micro_s[which] + least.bubble_s[which]
    assert (total_s(space, machine, layouts) >= least_s).all()
    most = enumeration.most_data(space, replicas)
    reach = most_tokens_per_s(space, replicas, least, most)
    assert (layouts.batch * space.sequence_tokens / total_s(space, machine, layouts) <= reach[which]).all()


def published() -> list[Case]:
    """Of published runs one for each model, precision and software, the one on most GPUs."""
    text = files("rackwright.catalog").joinpath("data", "training_runs.csv").read_text(encoding="utf-8")
    largest: dict[tuple[object, ...], Case] = {}
    runs = [row for row in read_runs(text).rows if isinstance(row, Run)]
    for run in sorted(runs, key=lambda run: run.gpus):
        for case in match(run):
            largest[run.model, run.precision, case.machine.software.title] = case
    return list(largest.values())


@pytest.mark.parametrize("case", published(), ids=lambda case: f"{case.run.case}-{case.run.model}")
def test_the_best_is_at_least_as_fast_as_published_layouts(case: Case) -> None:
    batch = int(case.layouts.batch[0])
    space = Space.of(
        case.architecture, case.machine, gpus=case.run.gpus, sequence_tokens=case.sequence_tokens, batch=batch
    )
    best = search(prepare(space, case.machine)).best
    fits = used_gb(space, case.machine, case.layouts) <= case.machine.gpu.memory_gb.expected
    rates = case.layouts.batch * space.sequence_tokens / total_s(space, case.machine, case.layouts)
    assert best is not None
    assert best.memory_gb <= case.machine.gpu.memory_gb.expected
    assert best.tokens_per_s >= np.where(fits, rates, 0.0).max()
