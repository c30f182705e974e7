"""What must hold of each figure of a whole plan, whichever part it stands in."""

from __future__ import annotations

from datetime import date
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rackwright.catalog import FIGURES, PlanningFigure
from rackwright.cli.sizing.explain import figures, unknowns
from rackwright.sizing import plan
from rackwright.sizing.figures import ends
from tests.rackwright.sizing.plans import planned, request

pytestmark = pytest.mark.pure

REQUESTS: dict[str, dict[str, object]] = {
    "small": {"gpus": 64},
    "large, with terms": {
        "model": "llama-3.1-405b",
        "tokens": 15.6e12,
        "gpus": 16_384,
        "place": "existing",
        "cooling": "dry",
        "storage": {"checkpoints": "async", "write_gb_s": 900, "keep_every_days": 7, "milestones": 3},
        "reliability": {"failures_per_host_day": 5e-3, "repair_days": 3},
        "delivery": {"start_date": "2026-01-01", "lead_days": 60, "vendors": 2, "hosts_per_week": 300},
        "money": {"building_usd_per_mw": 12e6, "electricity_usd_per_kwh": 0.1},
    },
    "mixture of experts": {"model": "mixtral-8x7b", "gpus": 256, "storage": {"checkpoints": "async"}},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_figure_says_where_it_comes_from_and_has_a_range_or_a_reason(name: str) -> None:
    found = figures(planned(**REQUESTS[name]))
    assert len(found) > 120
    for path, figure in found.items():
        assert figure.formula.strip() or figure.source.strip(), path
        assert (figure.low is not None and figure.high is not None) or figure.exact_because, path


@pytest.mark.parametrize("name", REQUESTS)
def test_every_range_holds_its_expected_value(name: str) -> None:
    for path, figure in figures(planned(**REQUESTS[name])).items():
        low = figure.expected if figure.low is None else figure.low
        high = figure.expected if figure.high is None else figure.high
        assert low <= figure.expected <= high, path


def allowed(entry: PlanningFigure) -> st.SearchStrategy[float]:
    """What a request may give for a figure, up to ten times its usual high end."""
    high = ends(entry.figure)[1]
    return st.floats(entry.least, max(entry.least + 1, 10 * high) if entry.most is None else entry.most)


terms = st.fixed_dictionaries(
    {},
    optional={
        "figures": st.fixed_dictionaries(
            {},
            optional={name: allowed(entry) for name, entry in FIGURES.entries.items() if not entry.request_field},
        ),
        "storage": st.fixed_dictionaries(
            {"checkpoints": st.sampled_from(("sync", "async"))},
            optional={
                "write_gb_s": st.floats(1e-4, 1e4),
                "read_gb_s": st.floats(1e-4, 1e4),
                "stall_budget_s": st.floats(0.1, 1e4),
                "keep_every_days": st.floats(0.1, 100),
            },
        ),
        "reliability": st.fixed_dictionaries(
            {},
            optional={
                "failures_per_host_day": st.floats(1e-6, 1.0),
                "restart_s": st.floats(1, 1e7),
                "repair_days": st.floats(0.01, 100),
                "spare_confidence": st.floats(0.01, 0.9999),
            },
        ),
        "delivery": st.fixed_dictionaries(
            {"start_date": st.none() | st.dates(date(2024, 1, 1), date(2030, 1, 1))},
            optional={
                "site_ready_days": st.floats(0, 1000),
                "lead_days": st.floats(0, 1000),
                "vendors": st.integers(1, 10),
                "hosts_per_week": st.floats(0.1, 1e4),
                "technicians": st.integers(1, 1000),
                "first_hosts": st.integers(1, 10_000),
            },
        ),
        "money": st.fixed_dictionaries(
            {},
            optional={
                "term_months": st.floats(0.1, 200),
                "rent_usd_per_gpu_h": st.floats(0.01, 100),
                "electricity_usd_per_kwh": st.floats(0.001, 10),
                "building_usd_per_mw": st.floats(1, 1e8),
            },
        ),
        "cooling": st.sampled_from(("air", "liquid", "dry")),
        "place": st.sampled_from(("oracle", "existing")),
    },
)


@settings(max_examples=25)
@given(given_terms=terms, hosts=st.integers(1, 64))
def test_whatever_the_terms_every_figure_is_in_order_and_explained(given_terms: dict[str, object], hosts: int) -> None:
    sized = plan(request(gpus=8 * hosts, **given_terms))
    for path, figure in figures(sized).items():
        assert (figure.low is not None and figure.high is not None) or figure.exact_because, path
        assert isfinite(figure.expected), path
        low = figure.expected if figure.low is None else figure.low
        high = figure.expected if figure.high is None else figure.high
        assert low <= figure.expected <= high, path


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_unknown_says_what_to_give_instead(name: str) -> None:
    for path, unknown in unknowns(planned(**REQUESTS[name])).items():
        assert unknown.unknown, path
    assert ("cost.building_usd" in unknowns(planned(**REQUESTS[name]))) == (name != "large, with terms")
