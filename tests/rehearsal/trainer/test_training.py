"""A simulated run goes on with time, stands still without its gang, and falls back to its last checkpoint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.trainer.training import CHECKPOINT_INTERVAL_REAL_S, REHEARSED_INTERVALS, Pace, Run, advance, begin

pytestmark = pytest.mark.pure

PACE = Pace.of(steps=100_000, step_s=16.0, checkpoint_interval_s=1600)

paces = st.builds(
    Pace.of,
    steps=st.integers(1, 10**7),
    step_s=st.floats(0.01, 1000),
    checkpoint_interval_s=st.one_of(st.none(), st.floats(1, 10**6)),
)


def test_one_checkpoint_interval_passes_in_the_time_that_is_meant_for_it() -> None:
    run = advance(begin(PACE), PACE, gang="a", elapsed_s=1)
    run = advance(run, PACE, gang="a", elapsed_s=CHECKPOINT_INTERVAL_REAL_S)
    assert run.checkpoint_step - PACE.first_step == PACE.steps_per_checkpoint == 100


def test_a_run_that_loses_a_process_stands_still() -> None:
    run = Run(gang="a", step=99_750.0, checkpoint_step=99_700)
    assert advance(run, PACE, gang=None, elapsed_s=100) == run


def test_another_gang_does_the_steps_since_the_checkpoint_again() -> None:
    run = Run(gang="a", step=99_750.0, checkpoint_step=99_700)
    assert advance(run, PACE, gang="b", elapsed_s=1).step == 99_700


@given(pace=paces)
def test_a_rehearsal_plays_the_last_intervals_of_a_run(pace: Pace) -> None:
    played = pace.steps - pace.first_step
    assert 0 < played <= REHEARSED_INTERVALS * pace.steps_per_checkpoint


@given(pace=paces, gangs=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.floats(0, 20)), max_size=30))
def test_checkpoints_never_go_back_nor_past_the_run(pace: Pace, gangs: list[tuple[str | None, float]]) -> None:
    run = begin(pace)
    for gang, elapsed_s in gangs:
        after = advance(run, pace, gang=gang, elapsed_s=elapsed_s)
        assert run.checkpoint_step <= after.checkpoint_step <= after.step + 1e-6 <= pace.steps + 1e-6
        run = after


@given(pace=paces)
def test_a_gang_that_stays_finishes_the_run(pace: Pace) -> None:
    run = advance(begin(pace), pace, gang="a", elapsed_s=0)
    run = advance(run, pace, gang="a", elapsed_s=CHECKPOINT_INTERVAL_REAL_S * (REHEARSED_INTERVALS + 1))
    assert run.finished(pace)
    assert run.checkpoint_step == pace.steps
