"""What a lost host costs follows from the job's status and the plan."""

from __future__ import annotations

import pytest

from rackwright.specs.training_job_status import Phase, Progress, Restart, TrainingJobStatus
from rehearsal.scenario import costs, inputs

pytestmark = pytest.mark.pure

GIVEN = inputs.read(gpus=128, model="llama-3.1-70b", tokens=1e12, reference=None, spec=None)


def status(**fields: object) -> TrainingJobStatus:
    return TrainingJobStatus.model_validate({"phase": Phase.RUNNING, **fields})


BEFORE = status(hosts=("a", "b"), progress=Progress(step=250, checkpoint_step=200))


def test_steps_since_the_checkpoint_are_lost_at_the_plans_pace() -> None:
    restart = Restart(at="2026-01-01T00:00:00Z", cause="HostFailed", host="b", step=260, resumed_from_step=200)
    after = status(hosts=("a", "c"), restarts=(restart,))
    loss = costs.host_loss(GIVEN.plan, GIVEN.job, host="b", before=BEFORE, after=after, detected_s=0.5, recovered_s=7.0)
    assert GIVEN.job.spec.expected is not None
    assert loss.lost_steps == 60
    assert loss.lost_work_s == pytest.approx(60 * GIVEN.job.spec.expected.step_seconds, abs=0.1)
    restart_s = GIVEN.plan.reliability.restart_s.expected
    assert loss.lost_gpu_hours == pytest.approx(128 * (loss.lost_work_s + restart_s) / 3600, abs=0.1)
    assert (loss.host, loss.replaced_by) == ("b", "c")


def test_what_was_last_seen_counts_where_the_operator_kept_no_record() -> None:
    after = status(hosts=("a", "b"))
    loss = costs.host_loss(GIVEN.plan, GIVEN.job, host="b", before=BEFORE, after=after, detected_s=0.5, recovered_s=7.0)
    assert loss.lost_steps == 50
    assert loss.replaced_by is None


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (None, False),
        (Progress(step=200, checkpoint_step=200), False),
        (Progress(step=5, checkpoint_step=0), False),
        (Progress(step=201, checkpoint_step=200), True),
    ],
)
def test_a_loss_costs_work_only_after_a_checkpoint_and_some_steps(progress: Progress | None, expected: bool) -> None:
    assert costs.is_between_checkpoints(status(progress=progress)) is expected
