"""Jobs of four hosts, and what the operator might observe of them."""

from __future__ import annotations

from datetime import UTC, datetime

from operators.acceptance import Refusal
from operators.observed import HostView, JobSetView, JobView, Observed, PodView, WorkloadView
from operators.situation import Situation
from rackwright.rendering.jobset import template_sha256
from rackwright.specs import TrainingJob
from rackwright.specs.training_job_status import TrainingJobStatus

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DEAD = HostView(dead="the node isn't ready: NodeStatusUnknown")
EXCLUDED = HostView(excluded="tainted rackwright.dev/failed=ecc")
GOOD = HostView()


def make_job(*, status: TrainingJobStatus | None = None, namespace: str = "team-a", **spec: object) -> JobView:
    document = {
        "apiVersion": "rackwright.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "llm", "namespace": namespace},
        "spec": {"image": "trainer", "gpus": 32, "priority": "normal", **spec},
    }
    job = TrainingJob.model_validate(document).model_copy(update={"status": status})
    return JobView(job=job, uid="job-uid", generation=1)


def jobset_of(job: JobView) -> JobSetView:
    return JobSetView(
        uid="jobset-uid",
        owner_uid=job.uid,
        template_sha256=template_sha256(job.job.spec),
        priority=job.job.spec.priority,
    )


ADMITTED = WorkloadView(name="jobset-llm", jobset_uid="jobset-uid", reserved=True, admitted=True)


def pods(count: int, *, attempt: int = 0, first_host: int = 0) -> tuple[PodView, ...]:
    return tuple(
        PodView(
            name=f"llm-{rank}-{attempt}", uid=f"pod-{rank}-{attempt}", rank=rank, host=f"h{first_host + rank}",
            bound=True, phase="Running", ready=True,
        )
        for rank in range(count)
    )  # fmt: skip


def running(job: JobView, **hosts: HostView) -> Observed:
    gang = pods(job.job.spec.hosts)
    return Observed(
        jobset=jobset_of(job),
        workload=ADMITTED,
        pods=gang,
        hosts={pod.host or "": GOOD for pod in gang} | hosts,
    )


def situation(job: JobView, observed: Observed, *, now: datetime = NOW, refused: Refusal | None = None) -> Situation:
    return Situation(job=job, observed=observed, refused=refused, now=now)
