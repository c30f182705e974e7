"""Hardware beside hardware: counts, what isn't published, and the claim of four Dojo cabinets for 72 GPU racks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import ACCELERATORS, GPUS, HOSTS
from rackwright.sizing.published.comparison import Row, comparison, hardware
from rackwright.specs import SpecError

pytestmark = pytest.mark.pure

NAMES = [*HOSTS.entries, *GPUS.entries, *ACCELERATORS.entries]


def rows(one: str, other: str) -> dict[str, Row]:
    """The comparison's rows by their names."""
    compared = comparison(hardware(one, field="one"), hardware(other, field="other"))
    return {row.what: row for row in compared}


def test_four_cabinets_replace_72_racks_only_as_the_news_article_counts_them() -> None:
    """A rack holds four DGX H100 (NVIDIA's SuperPOD). Tesla's own figures give a fifth of the 72 racks' peak."""
    ratio = rows("4xdojo-cabinet", "288xDGX-H100")["peak_bf16_tflops"].ratio
    assert ratio is not None
    assert ratio.high is not None
    assert ratio.expected == pytest.approx(4 * 108_600 / (288 * 8 * 989.4))
    assert ratio.expected < 0.2
    assert ratio.high > 1.9


def test_a_host_has_its_gpus_figures_and_its_own_power() -> None:
    host = hardware("DGX-H100", field="one").figures
    assert host["memory_gb"].expected == 8 * 85.52
    assert host["power_kw"].expected == 10.2
    assert host["capital_usd"].low == 280_000
    assert hardware("H100", field="one").figures["power_kw"].expected == pytest.approx(0.7)


def test_what_nobody_published_has_no_ratio() -> None:
    compared = rows("dojo-d1", "H100")
    assert compared["peak_fp8_tflops"].one is None
    assert compared["peak_fp8_tflops"].ratio is None
    assert compared["memory_bandwidth_gb_s"].ratio is None


@pytest.mark.parametrize("name", ["0xDGX-H100", "DGX-H1000", "4x", "", "-2xDGX-H100"])
def test_an_unknown_name_is_refused_with_all_that_there_are(name: str) -> None:
    with pytest.raises(SpecError) as refused:
        hardware(name, field="other")
    (problem,) = refused.value.problems
    assert problem.field == "other"
    assert problem.value == repr(name)
    assert "dojo-tile" in problem.expected
    assert "4xdojo-cabinet" in problem.remedy


@given(count=st.integers(1, 200_000), name=st.sampled_from(NAMES))
def test_more_of_it_is_more_by_the_count_and_no_more_efficient(count: int, name: str) -> None:
    compared = rows(f"{count}x{name}", name)
    for what, row in compared.items():
        assert row.ratio is not None
        assert row.ratio.expected == pytest.approx(1 if what.endswith("_per_kw") else count)


@given(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
def test_turned_round_the_ratios_are_the_inverse(one: str, other: str) -> None:
    there, back = rows(one, other), rows(other, one)
    assert there.keys() == back.keys()
    for what, row in there.items():
        inverse = back[what].ratio
        assert (row.ratio is None) == (inverse is None)
        if row.ratio is not None and inverse is not None:
            assert row.ratio.expected * inverse.expected == pytest.approx(1)
