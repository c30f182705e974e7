"""The catalogue's files are whole, agree with each other, and name the source of each figure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from rackwright.catalog import CLUSTERS, GPUS, HOSTS, MODELS, PLACES, SOFTWARE, SWITCHES, Shelf
from rackwright.catalog.entries import Entry
from rackwright.sizing import parameters
from rackwright.specs import SpecError
from rackwright.specs.fabric import Fabric
from rackwright.specs.figure import Figure

pytestmark = pytest.mark.pure

SHELVES = (GPUS, HOSTS, SWITCHES, MODELS, PLACES, SOFTWARE, CLUSTERS)

ROUNDED_TOLERANCE = 0.006
"""Half of the last digit of the roundest published count: "314B" (Grok-1), with room for its unpublished norms."""

EXACT_TOLERANCE = 1e-7
"""Published counts differ by small vectors that the architecture doesn't say, such as routers' biases."""


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
    tolerance = ROUNDED_TOLERANCE if model.parameters_rounded else EXACT_TOLERANCE
    assert parameters.total(model.architecture) == pytest.approx(model.parameters, rel=tolerance)


@pytest.mark.parametrize(
    ("name", "active"), [("mixtral-8x7b", 12.9e9), ("mixtral-8x22b", 39e9), ("deepseek-v3-671b", 37e9)]
)
def test_active_parameters_are_the_published_ones(name: str, active: float) -> None:
    """Mixtral: arXiv 2401.04088 and Mistral's announcement; DeepSeek-V3: arXiv 2412.19437."""
    assert parameters.active(MODELS.entries[name].architecture) == pytest.approx(active, rel=0.02)


@pytest.mark.parametrize("name", PLACES.entries)
def test_places_name_hosts_and_switches_that_exist_and_levels_that_nest(name: str) -> None:
    place = PLACES.entries[name]
    for gpu, shape in place.shapes.items():
        assert HOSTS.entries[shape].gpu == gpu
        assert gpu in GPUS.entries
    assert place.switch in SWITCHES.entries
    Fabric(levels=place.levels, rails=8, ports_per_host=8, port_bandwidth_gbit_s=400)


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
    counts = {cluster.gpus for cluster in CLUSTERS.entries.values()}
    assert counts == {100_000, 24_576, 22_000, 16_000, 24_000, 35_000}


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
