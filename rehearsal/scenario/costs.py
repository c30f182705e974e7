"""What a loss costs: from two looks at the job's status and the plan's figures."""

from __future__ import annotations

from rackwright.specs import TrainingJob
from rackwright.specs.plan import Plan
from rackwright.specs.training_job_status import TrainingJobStatus
from rehearsal.scenario.report import HostLoss

SECONDS_PER_HOUR = 3600


def condition(status: TrainingJobStatus, name: str) -> bool:
    """Whether a condition of the job is true."""
    found = status.condition(name)
    return found is not None and found.status == "True"


def is_between_checkpoints(status: TrainingJobStatus) -> bool:
    """Whether the job has taken a checkpoint and done work since: a loss now costs something."""
    return status.progress is not None and status.progress.step > status.progress.checkpoint_step > 0


def host_loss(
    plan: Plan,
    job: TrainingJob,
    *,
    host: str,
    before: TrainingJobStatus,
    after: TrainingJobStatus,
    detected_s: float,
    recovered_s: float,
) -> HostLoss:
    """What the loss of `host` cost between two looks at the job."""
    restart = after.restarts[-1] if after.restarts else None
    last_step = restart.step if restart and restart.step is not None else before.progress.step if before.progress else 0
    resumed_from = (
        restart.resumed_from_step
        if restart and restart.resumed_from_step is not None
        else before.progress.checkpoint_step
        if before.progress
        else 0
    )
    lost_steps = max(0, last_step - resumed_from)
    lost_work_s = lost_steps * (job.spec.expected.step_seconds if job.spec.expected else plan.step.step_s.expected)
    planned_restart_s = plan.reliability.restart_s.expected
    gpu_hours = job.spec.gpus * (lost_work_s + planned_restart_s) / SECONDS_PER_HOUR
    replacements = sorted(set(after.hosts) - set(before.hosts))
    return HostLoss(
        host=host,
        replaced_by=replacements[0] if replacements else None,
        detected_s=round(detected_s, 2),
        recovered_s=round(recovered_s, 2),
        lost_steps=lost_steps,
        lost_work_s=round(lost_work_s, 1),
        planned_restart_s=round(planned_restart_s, 1),
        lost_gpu_hours=round(gpu_hours, 1),
        lost_usd=round(gpu_hours * plan.cost.rent_usd_per_gpu_h.expected, 2),
    )
