from __future__ import annotations

import json

import pytest

from operators.observed import Observed, PodView
from operators.progress import read_progress
from rackwright.specs.training_job import Expected
from rackwright.specs.training_job_status import Progress

pytestmark = pytest.mark.pure

KNOWN = Progress(step=7, checkpoint_step=5, checkpoint_at="2026-01-31T11:00:00.000Z")
NOW = "2026-01-31T12:00:00.000Z"
EXPECTED = Expected(steps=100, step_seconds=2, tokens_per_step=1000)


def pod(*, step: int = 9, checkpoint: int = 5, rank: int = 0, deleting: bool = False) -> PodView:
    told = json.dumps({"step": step, "checkpointStep": checkpoint})
    return PodView(name=f"llm-{rank}", uid="u", rank=rank, deleting=deleting, progress=told)


def read(*pods: PodView, expected: Expected | None = None, known: Progress | None = KNOWN) -> Progress | None:
    return read_progress(Observed(pods=pods), expected, known, now=NOW)


def test_a_checkpoint_keeps_the_moment_at_which_it_was_first_heard_of() -> None:
    assert read(pod()) == Progress(step=9, checkpoint_step=5, checkpoint_at=KNOWN.checkpoint_at)
    assert read(pod(step=12, checkpoint=10)) == Progress(step=12, checkpoint_step=10, checkpoint_at=NOW)
    assert read(pod(), known=None) == Progress(step=9, checkpoint_step=5, checkpoint_at=NOW)


def test_steps_and_tokens_are_counted_against_what_the_job_expects() -> None:
    progress = read(pod(), expected=EXPECTED)
    assert progress is not None
    assert (progress.steps, progress.tokens) == (100, 9000)


@pytest.mark.parametrize(
    "silent",
    [
        pod(deleting=True),
        pod(rank=1),
        PodView(name="llm-0", uid="u", rank=0),
        PodView(name="llm-0", uid="u", rank=0, progress=""),
        PodView(name="llm-0", uid="u", rank=0, progress='{"step": -1, "checkpointStep": 0}'),
    ],
    ids=["goes", "of another rank", "says nothing", "says an empty word", "says nonsense"],
)
def test_a_pod_that_has_no_say_leaves_what_was_known(silent: PodView) -> None:
    assert read(silent) is KNOWN
    assert read(silent, known=None) is None


def test_the_new_rank_0_speaks_when_the_old_one_goes() -> None:
    progress = read(pod(step=50, deleting=True), pod(step=6))
    assert progress is not None
    assert progress.step == 6
