"""Plans of published machines beside what was published of them.

Where our figure is another one, the catalogue says why; where it needn't be, it must be close.
"""

from __future__ import annotations

import pytest

from rackwright.catalog import CLUSTERS, COMPARISONS, Published
from rackwright.sizing.published.reference import (
    Comparison,
    comparisons,
    find_figure,
    hardware_comparisons,
    reference_request,
)
from tests.rackwright.sizing.plans import reference

pytestmark = pytest.mark.pure

CLOSE = 0.15
"""Difference that needs no reason: published figures are round, and expected values of ranges as wide as these."""


def rows(name: str) -> list[Comparison]:
    """All published statements of an entry, beside our figures."""
    if name in COMPARISONS.entries:
        return hardware_comparisons(COMPARISONS.entries[name])
    return comparisons(reference(name), CLUSTERS.entries[name])


EVERY_NAME = (*CLUSTERS.entries, *COMPARISONS.entries)


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_published_number_stands_beside_ours(name: str) -> None:
    for row in rows(name):
        assert (row.published.figure is None) == (row.planned is None), row.published
        assert (row.difference is None) == (row.planned is None)


@pytest.mark.parametrize("name", EVERY_NAME)
def test_a_difference_is_small_or_explained_in_words(name: str) -> None:
    for row in rows(name):
        if row.difference is None:
            assert not row.published.why_different, row.published
        elif row.published.why_different:
            assert row.difference != 0, row
        else:
            assert abs(row.difference) <= CLOSE, row


@pytest.mark.parametrize(
    ("name", "what", "value"),
    [
        ("memphis", "gpus", 100_000),
        ("memphis", "hosts", 12_500),
        ("memphis", "host_racks", 1563),
        ("memphis", "unit_gpus", 512),
        ("memphis", "leaf_switches", 1568),
        ("memphis", "spine_switches", 1600),
        ("memphis", "core_switches", 832),
        ("meta-24k", "hosts", 3072),
        ("meta-24k", "host_racks", 1536),
        ("meta-24k", "pods", 8),
        ("meta-24k", "pod_gpus", 3072),
        ("meta-24k", "tiers", 3),
        ("inflection", "hosts", 2750),
        ("inflection", "model_gb", 700),
        ("inflection", "tiers", 3),
        ("oracle-16k", "hosts", 2000),
        ("oracle-16k", "tiers", 3),
        ("oracle-24k", "hosts", 3000),
        ("grok-2", "hosts", 2500),
        ("tesla", "hosts", 4375),
        ("tesla", "tiers", 3),
        ("gpt-4", "hosts", 3125),
        ("openai-100k", "hosts", 12_500),
        ("memphis-gb200", "hosts", 556 * 18),
        ("memphis-gb200", "host_racks", 556),
    ],
)
def test_counts_that_follow_from_the_published_ones(name: str, what: str, value: float) -> None:
    figure = find_figure(reference(name), what)
    assert figure is not None
    assert figure.expected == pytest.approx(value, rel=0.005)


@pytest.mark.parametrize(
    ("name", "what", "published"),
    [
        ("memphis", "facility_mw", [100, 150]),
        ("memphis", "water_m3_per_day", [4921, 4731]),
        ("oracle-16k", "gpus", [16_000, 128_000, 24_000]),
        ("oracle-24k", "gpus", [24_000, 16_000, 20_000]),
        ("dojo", "dojo-cabinet.peak_bf16_tflops", [1_100_000]),
    ],
)
def test_where_articles_disagree_both_are_there_each_with_its_difference(
    name: str, what: str, published: list[float]
) -> None:
    found = [row for row in rows(name) if row.published.what == what]
    assert [row.published.figure for row in found] == published
    assert all(row.difference is not None for row in found)


def test_the_same_work_on_the_next_generation_takes_fewer_gpus_less_power_and_about_the_same_time() -> None:
    """Fewer and faster GPUs lose less to failures, so that the days may be fewer; not more by a quarter."""
    h100, gb200 = reference("memphis"), reference("memphis-gb200")
    assert gb200.power.facility_mw.expected < h100.power.facility_mw.expected
    assert gb200.run.days.expected < 1.25 * h100.run.days.expected
    assert [level.name for level in gb200.fabric.levels] == ["core", "spine", "leaf", "nvlink", "host"]


def test_a_published_number_in_our_range_is_said_to_be() -> None:
    for row in rows("memphis"):
        if row.published.what == "facility_mw":
            assert row.in_range is (row.published.figure == 150)


def test_words_have_no_figure() -> None:
    statement = Published(what="vendors", value="two", source="-")
    assert Comparison(published=statement, planned=None).in_range is None
    assert find_figure(reference("tesla"), "no such thing") is None


def test_a_cluster_is_asked_for_by_its_other_names() -> None:
    assert reference_request("Colossus").name == "memphis"
