"""Money: it adds up, and lies near what was published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import HOSTS
from rackwright.sizing.figures import ends, exact
from rackwright.sizing.site.cost import Bought, cost_plan
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.site import CostPlan
from rackwright.specs.terms import MoneyTerms
from tests.rackwright.sizing.machines import USUAL
from tests.rackwright.sizing.plans import reference

pytestmark = pytest.mark.pure


def planned(*, hosts: int = 12_500, days: float = 100, **terms: float) -> CostPlan:
    memphis = reference("memphis")
    share = hosts / memphis.hosts.hosts
    fabric = memphis.fabric
    return cost_plan(
        Bought(
            host=HOSTS.entries["DGX-H100"],
            hosts=hosts,
            fabric=fabric.model_copy(
                update={"switches": int(fabric.switches * share), "cables": int(fabric.cables * share)}
            ),
            storage=memphis.storage,
            power=memphis.power,
            days=exact(days, formula="-"),
        ),
        terms=MoneyTerms.model_validate(terms),
        figures=USUAL,
    )


def months(figure: Figure | Unknown) -> float:
    assert isinstance(figure, Figure)
    return figure.expected


@given(
    hosts=st.integers(1, 16_000),
    days=st.floats(1, 1000),
    term=st.floats(1, 120),
    years=st.floats(1, 10),
    building=st.floats(1e6, 2e7),
)
def test_money_adds_up(hosts: int, days: float, term: float, years: float, building: float) -> None:
    own = planned(hosts=hosts, days=days, term_months=term, depreciation_years=years, building_usd_per_mw=building)
    assert isinstance(own.building_usd, Figure)
    parts = (own.hosts_usd, own.switches_usd, own.optics_usd, own.storage_usd, own.other_usd, own.building_usd)
    assert own.capital_usd.expected == pytest.approx(sum(part.expected for part in parts))
    assert own.capital_usd_per_gpu.expected * hosts * 8 == pytest.approx(own.capital_usd.expected)
    written_off = own.capital_usd.expected * term / 12 / years
    running = own.electricity_term_usd.expected + own.upkeep_term_usd.expected
    assert own.owned_term_usd.expected == pytest.approx(written_off + running)
    hours = days * 24 * hosts * 8
    assert own.owned_usd.expected == pytest.approx(own.owned_usd_per_gpu_h.expected * hours)
    assert own.rent_usd.expected == pytest.approx(own.rent_usd_per_gpu_h.expected * hours)


@pytest.mark.parametrize("name", ["memphis", "meta-24k", "inflection", "tesla"])
def test_capital_of_a_gpu_is_the_published_one(name: str) -> None:
    """47,000-52,000 dollars a GPU all in, building apart (a published cost study of H100 clusters)."""
    assert reference(name).cost.capital_usd_per_gpu.expected == pytest.approx(49_500, rel=0.06)


def test_memphis_costs_what_was_published() -> None:
    own = reference("memphis").cost
    assert own.hosts_usd.expected == pytest.approx(4e9, rel=0.05)  # about 4 billion dollars in GPUs; servers above it
    # A bill of 7 million dollars a month, as quoted.
    assert own.electricity_term_usd.expected / 36 == pytest.approx(7e6, rel=0.05)
    # 123.9 million dollars a year (SemiAnalysis) are at the same tariff, with hosts at full load all the time.
    low, high = (end / 3 for end in ends(own.electricity_term_usd))
    assert low < 123.9e6 < high


def test_renting_oracles_gpus_for_years_comes_to_the_published_order() -> None:
    """Talks of 10 billion dollars over several years for 16,000 or 24,000 GPUs (news, 2024), taken as five here."""
    low, high = (ends(reference(name).cost.rent_term_usd)[end] for name, end in (("oracle-16k", 0), ("oracle-24k", 1)))
    assert low < 10e9 * 3 / 5 < high


@given(rent=st.floats(1.8, 20), dearer=st.floats(1, 5))
def test_dearer_rent_pays_the_machine_off_sooner(rent: float, dearer: float) -> None:
    cheap = planned(rent_usd_per_gpu_h=rent)
    dear = planned(rent_usd_per_gpu_h=rent * dearer)
    assert months(dear.break_even_months) <= months(cheap.break_even_months)


def test_at_the_break_even_rent_and_ownership_have_cost_the_same() -> None:
    own = planned(rent_usd_per_gpu_h=3.0)
    at = months(own.break_even_months)
    running = (own.electricity_term_usd.expected + own.upkeep_term_usd.expected) / 36
    rented = 3.0 * 100_000 * 730.5 * at
    assert rented == pytest.approx(own.capital_usd.expected + running * at)


def test_owning_that_never_pays_is_said_to_be_unknown() -> None:
    never = planned(rent_usd_per_gpu_h=0.05).break_even_months
    assert isinstance(never, Unknown)
    assert "never" in never.unknown


def test_a_building_is_unknown_until_its_price_is_given() -> None:
    unknown = planned()
    assert isinstance(unknown.building_usd, Unknown)
    assert "money.building_usd_per_mw" in unknown.building_usd.unknown
    known = planned(building_usd_per_mw=12e6)
    assert isinstance(known.building_usd, Figure)
    assert known.capital_usd.expected - unknown.capital_usd.expected == pytest.approx(known.building_usd.expected)
