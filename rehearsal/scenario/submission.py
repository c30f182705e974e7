"""Submitting the job as its researcher does, through the command line's own parts."""

from __future__ import annotations

from pathlib import Path

from rackwright.cli.connection import connect
from rackwright.cli.submission import check_queue
from rackwright.cli.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob


def submit(kubeconfig: Path, job: TrainingJob) -> None:
    """Check the job against its queue and apply it."""
    jobs = TrainingJobs(connect(kubeconfig, None))
    namespace = job.metadata.namespace or "default"
    check_queue(jobs, job, namespace=namespace, source="job.yaml")
    jobs.apply(job, namespace=namespace)
