"""Columns of layouts and single ones are the same thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.sizing.step.layouts import Layouts
from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.terms import RECOMPUTES
from tests.rackwright.sizing.machines import layout

pytestmark = pytest.mark.pure

SIZES = st.sampled_from([1, 2, 4, 8])

ANY = st.builds(
    layout,
    tensor=SIZES,
    context=SIZES,
    pipeline=SIZES,
    virtual_pipeline=SIZES,
    expert=SIZES,
    data=SIZES,
    parameter_shards=SIZES,
    micro_batch=SIZES,
    micro_batches=SIZES,
    recompute=st.sampled_from(RECOMPUTES),
)


@given(rows=st.lists(ANY, min_size=1, max_size=8))
def test_a_row_of_the_columns_is_the_layout_they_were_made_of(rows: list[Layout]) -> None:
    columns = Layouts.of(rows)
    assert len(columns) == len(rows)
    assert [columns.row(index) for index in range(len(rows))] == rows
    assert list(columns.gpus) == [row.gpus for row in rows]
    assert list(columns.batch) == [row.batch for row in rows]
    assert list(columns.replicas) == [row.data * row.context for row in rows]


def test_a_mask_takes_the_rows_that_it_marks() -> None:
    columns = Layouts.of([layout(tensor=size) for size in (1, 2, 4, 8)])
    assert list(columns.take(columns.tensor > 2).tensor) == [4, 8]
    assert list(columns.take(np.array([3, 0])).tensor) == [8, 1]


def test_no_layouts_are_columns_of_no_rows() -> None:
    assert len(Layouts.of([])) == 0
