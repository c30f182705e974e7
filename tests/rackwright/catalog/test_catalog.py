"""The catalogue's files are whole, agree with each other, and name the source of each figure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from rackwright.catalog import (
    ACCELERATORS,
    CLUSTERS,
    FAILURES,
    FIGURES,
    GPUS,
    HOSTS,
    MODELS,
    PLACES,
    SOFTWARE,
    SWITCHES,
    Shelf,
)
from rackwright.catalog.entries import Entry
from rackwright.sizing.step import parameters
from rackwright.specs import SpecError
from rackwright.specs.fabric import Fabric
from rackwright.specs.figure import Figure

pytestmark = pytest.mark.pure

SHELVES = (GPUS, ACCELERATORS, HOSTS, SWITCHES, MODELS, PLACES, SOFTWARE, FIGURES, FAILURES, CLUSTERS)

EXACT_TOLERANCE = 1e-9
"""Relative: a count that was published to the last parameter is met to the last one."""

ROUGHLY_ROUNDED = {"grok-1-314b": 2}
"""Units of the last published digit by which a count is off: Grok-1's tensors add up to more than its "314B"."""


def figures(value: object) -> Iterator[Figure]:
    """All figures below a value."""
    if isinstance(value, Figure):
        yield value
    elif isinstance(value, BaseModel):
        for _, field in value:
            yield from figures(field)
    elif isinstance(value, dict):
        for item in value.values():
            yield from figures(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from figures(item)


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.file)
def test_every_figure_names_its_source(shelf: Shelf[Entry]) -> None:
    assert shelf.entries
    for name, entry in shelf.entries.items():
        for figure in figures(entry):
            assert figure.source, f"{shelf.file}: {name}"


@pytest.mark.parametrize("name", MODELS.entries)
def test_architecture_has_the_published_number_of_parameters(name: str) -> None:
    model = MODELS.entries[name]
    if model.parameters_rounded:
        last_digit = 10 ** (len(str(model.parameters)) - len(str(model.parameters).rstrip("0")))
        tolerance = last_digit * ROUGHLY_ROUNDED.get(name, 1)
        assert parameters.total(model.architecture) == pytest.approx(model.parameters, abs=tolerance)
    else:
        assert parameters.total(model.architecture) == pytest.approx(model.parameters, rel=EXACT_TOLERANCE)


@pytest.mark.parametrize(
    ("name", "sequence_tokens", "count"),
    [
        ("mpt-125m", 65536, 174_070_272),
        ("mpt-3b", 512, 2_647_905_280),
        ("mpt-7b", 65536, 6_918_905_856),
        ("mpt-13b", 32768, 13_011_240_960),
        ("mpt-30b", 8192, 30_019_254_272),
    ],
)
def test_learned_positions_grow_with_the_sequence(name: str, sequence_tokens: int, count: int) -> None:
    """Counts of mosaicml/llm-foundry, scripts/train/benchmarking/README.md."""
    architecture = MODELS.entries[name].architecture.model_copy(update={"sequence_tokens": sequence_tokens})
    assert parameters.total(architecture) == count


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("mixtral-8x7b", 12.9e9),
        ("mixtral-8x22b", 39e9),
        ("kimi-k2", 32.6e9),
        ("llama-4-maverick-400b", 17e9),
        ("llama-4-scout-109b", 17e9),
        ("qwen3-30b-a3b", 3.3e9),
        ("qwen3-235b-a22b", 22e9),
    ],
)
def test_active_parameters_are_the_published_ones(name: str, active: float) -> None:
    """The makers' announcements and model cards, which give two digits or three."""
    assert parameters.active(MODELS.entries[name].architecture) == pytest.approx(active, rel=0.02)


@pytest.mark.parametrize(
    ("name", "active"), [("deepseek-v3-671b", 36.7e9), ("gpt-oss-20b", 3.61e9), ("gpt-oss-120b", 5.13e9)]
)
def test_active_parameters_without_the_input_embedding_are_the_published_ones(name: str, active: float) -> None:
    """DeepSeek-V3's README_WEIGHTS.md and OpenAI's model card count the output projection, not the embedding."""
    architecture = MODELS.entries[name].architecture
    count = parameters.active(architecture) - parameters.embedding(architecture)
    assert count == pytest.approx(active, rel=0.003)


def test_multi_token_prediction_has_the_published_parameters() -> None:
    """DeepSeek-V3's README_WEIGHTS.md: 11.5B; with the shared embeddings, 2.4B active; without the projection."""
    architecture = MODELS.entries["deepseek-v3-671b"].architecture
    module = parameters.prediction_layer(architecture)
    projection = 2 * architecture.hidden**2
    shared = parameters.embedding(architecture) + parameters.head(architecture)
    assert module.total - projection == pytest.approx(11.5e9, rel=0.005)
    assert module.matrix - projection + shared == pytest.approx(2.4e9, rel=0.02)
    assert parameters.trained(architecture) == parameters.total(architecture) + module.total


BENCHMARK_NAMES = {
    "GPT-1.7B": "gpt-1.7b",
    "GPT-462B": "gpt-462b",
    "GPT-145.6B": "gpt-145b",
    "GPT3-175B": "gpt-3-175b",
    "LLAMA2-7B": "llama-2-7b",
    "LLAMA2-13B": "llama-2-13b",
    "LLAMA2-70B": "llama-2-70b",
    "Llama3-8B": "llama-3-8b",
    "Llama3-70B": "llama-3-70b",
    "Llama3.1-405B": "llama-3.1-405b",
    "MPT-125m": "mpt-125m",
    "MPT-1b": "mpt-1b",
    "MPT-70b": "mpt-70b",
    "Nemotron4-15B": "nemotron-4-15b",
    "Nemotron4-340B": "nemotron-4-340b",
    "Grok1-314B": "grok-1-314b",
    "DeepSeekV3-671B": "deepseek-v3-671b",
    "Kimi-K2": "kimi-k2",
    "Llama4-Maverick-400B": "llama-4-maverick-400b",
    "Qwen3-30B-A3B": "qwen3-30b-a3b",
    "Qwen3-235B-A22B": "qwen3-235b-a22b",
    "GPT-OSS-20B": "gpt-oss-20b",
    "GPT-OSS-120B": "gpt-oss-120b",
    "Mixtral-8x7B": "mixtral-8x7b",
}
"""Models as files of published benchmarks call them."""


@pytest.mark.parametrize("name", BENCHMARK_NAMES)
def test_models_are_found_by_the_names_of_benchmark_files(name: str) -> None:
    assert MODELS.name(name, field="model") == BENCHMARK_NAMES[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A100-80GB", "a100-sxm-80gb"),
        ("H100-SXM-80GB", "h100-sxm-80gb"),
        ("H100 96GB HBM2", "h100-sxm-96gb"),
        ("h200", "h200-sxm-141gb"),
        ("B200", "b200-sxm-180gb"),
        ("GB200", "gb200-sxm-186gb"),
        ("H800", "h800-sxm-80gb"),
    ],
)
def test_gpus_are_found_by_their_usual_names(name: str, expected: str) -> None:
    assert GPUS.name(name, field="gpu") == expected


@pytest.mark.parametrize("name", GPUS.entries)
def test_no_measured_rate_is_above_the_peak(name: str) -> None:
    gpu = GPUS.entries[name]
    for precision, measured in gpu.achievable_tflops.items():
        assert 0.5 < measured.expected / gpu.peak_tflops[precision].expected < 1


@pytest.mark.parametrize("name", PLACES.entries)
def test_places_name_hosts_and_switches_that_exist_and_levels_that_nest(name: str) -> None:
    place = PLACES.entries[name]
    for gpu, shape in place.shapes.items():
        assert HOSTS.entries[shape].gpu == gpu
        assert gpu in GPUS.entries
    assert place.switch in SWITCHES.entries
    if place.levels:
        Fabric(levels=place.levels, rails=8, ports_per_host=8, port_bandwidth_gbit_s=400)


@pytest.mark.parametrize("name", GPUS.entries)
def test_each_gpu_stands_in_some_place(name: str) -> None:
    assert any(name in place.shapes for place in PLACES.entries.values())


def test_no_name_means_a_gpu_and_an_accelerator() -> None:
    for name, entry in ACCELERATORS.entries.items():
        assert not any(map(GPUS.find, (name, *entry.aliases)))


def test_dojos_parts_add_up() -> None:
    """25 dies a tile, six tiles a tray, two trays a cabinet; a tenth of the ExaPOD's 1.1 EFLOPS."""
    die, tile, tray, cabinet = (ACCELERATORS.entries[f"dojo-{part}"] for part in ("d1", "tile", "tray", "cabinet"))
    for count, part, whole in ((25, die, tile), (6, tile, tray), (2, tray, cabinet)):
        assert count * part.dies == whole.dies
        assert count * part.peak_tflops["bf16"].expected == whole.peak_tflops["bf16"].expected
    assert 10 * cabinet.peak_tflops["bf16"].expected == pytest.approx(1.1e6, rel=0.02)


def test_hosts_of_an_nvl72_rack_share_its_nvlink_and_others_have_their_own() -> None:
    for host in HOSTS.entries.values():
        assert host.nvlink_domain_gpus == (72 if host.gpu == "gb200-sxm-186gb" else host.gpus_per_host)


@pytest.mark.parametrize("name", HOSTS.entries)
def test_a_host_draws_more_than_its_gpus_at_their_limit(name: str) -> None:
    host = HOSTS.entries[name]
    assert host.power_kw.expected > host.gpus_per_host * GPUS.entries[host.gpu].power_w.expected / 1000


@pytest.mark.parametrize("name", HOSTS.entries)
def test_jobs_may_use_no_more_than_the_host_has(name: str) -> None:
    host = HOSTS.entries[name]
    assert host.jobs_may_use.cpu < host.cpus.expected
    assert host.jobs_may_use.memory_gib * 2**30 < host.memory_gb.expected * 1e9


@pytest.mark.parametrize("name", CLUSTERS.entries)
def test_reference_clusters_name_entries_that_exist(name: str) -> None:
    cluster = CLUSTERS.entries[name]
    assert cluster.model in MODELS.entries
    assert cluster.switch in SWITCHES.entries
    assert cluster.gpu in PLACES.entries[cluster.place].shapes
    assert cluster.published


def test_reference_clusters_are_those_that_must_be_plannable() -> None:
    counts = {name: cluster.gpus for name, cluster in CLUSTERS.entries.items()}
    assert counts == {
        "memphis": 100_000,
        "memphis-gb200": 556 * 72,
        "meta-24k": 24_576,
        "inflection": 22_000,
        "oracle-16k": 16_000,
        "oracle-24k": 24_000,
        "grok-2": 20_000,
        "tesla": 35_000,
        "gpt-4": 25_000,
        "openai-100k": 100_000,
    }


def test_an_unknown_name_is_refused_with_the_close_ones() -> None:
    with pytest.raises(SpecError) as refused:
        MODELS.get("llama-3.1-404b", field="model")
    (problem,) = refused.value.problems
    assert problem.field == "model"
    assert "llama-3.1-405b" in problem.expected
    assert "rackwright size list models" in problem.remedy


def test_a_name_like_no_other_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(SpecError, match=r"there are oracle, existing"):
        PLACES.get("moon", field="place")


def test_failures_were_all_counted_on_hosts_with_as_many_gpus() -> None:
    """Rates for a host and day stand beside each other as they are."""
    assert {record.gpus_per_host for record in FAILURES.entries.values()} == {8}
    assert all(record.gpu in GPUS.entries for record in FAILURES.entries.values())
