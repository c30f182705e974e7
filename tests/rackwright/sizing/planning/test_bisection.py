"""Where something starts or ceases to hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.planning.bisection import largest, least

pytestmark = pytest.mark.pure


@given(edge=st.integers(1, 500), most=st.integers(1, 400), start=st.integers(1, 400))
def test_the_least_is_the_first_that_holds(edge: int, most: int, start: int) -> None:
    first = max(edge, start)
    assert least(lambda number: number >= edge, most, start=start) == (first if first <= most else None)


@given(low=st.integers(1, 400), more=st.integers(0, 400), most=st.integers(1, 400))
def test_the_largest_is_the_last_that_holds(low: int, more: int, most: int) -> None:
    low = min(low, most)
    high = min(2 * low + more, most)
    assert largest(lambda number: low <= number <= high, most) == high


def test_nothing_holds() -> None:
    assert least(lambda _: False, 100) is None
    assert largest(lambda _: False, 100) is None
