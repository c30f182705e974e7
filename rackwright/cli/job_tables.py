"""Jobs as tables and text for people: pure, from the objects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from textwrap import shorten

from rackwright.jobs.ledger import Ledger, ledger, moment
from rackwright.specs.training_job import TrainingJob
from rackwright.specs.training_job_status import TrainingJobStatus

COLUMNS = ("namespace", "name", "phase", "queue", "priority", "GPUs", "step", "restarts", "age", "message")

MESSAGE_WIDTH = 60
"""Characters of a job's message in the table; `describe` has all of it."""

SPANS = ((86_400, "d"), (3_600, "h"), (60, "m"))
"""Seconds of the units that spans of time are written in."""


def row(job: TrainingJob, *, now: datetime) -> tuple[str, ...]:
    """One job in the table of `rackwright jobs`."""
    status = job.status or TrainingJobStatus()
    created = (job.metadata.model_extra or {}).get("creationTimestamp")
    return (
        job.metadata.namespace or "",
        job.metadata.name,
        status.phase,
        job.spec.queue,
        job.spec.priority or "–",
        f"{job.spec.gpus:,}",
        progress(status),
        str(status.restart_count),
        span((now - moment(str(created))).total_seconds()) if created else "–",
        shorten(status.message, MESSAGE_WIDTH, placeholder="…"),
    )


def progress(status: TrainingJobStatus) -> str:
    """The step, and of how many where that is known."""
    if status.progress is None:
        return "–"
    step, steps = status.progress.step, status.progress.steps
    return f"{step:,} of {steps:,} ({step / steps:.0%})" if steps else f"{step:,}"


def span(seconds: float) -> str:
    """A span of time in its two largest units."""
    left, parts = max(0, round(seconds)), []
    for size, unit in SPANS:
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return " ".join([*parts, f"{left}s"][:2])


def description(job: TrainingJob, *, now: datetime) -> Iterator[str]:
    """All that is to be known of a job, line by line."""
    status = job.status or TrainingJobStatus()
    spec = job.spec
    yield f"{job.metadata.namespace}/{job.metadata.name}: {status.phase}. {status.message}".rstrip()
    yield f"  GPUs        {spec.gpus:,} on {spec.hosts:,} hosts"
    yield f"  queue       {spec.queue}, priority {spec.priority or 'none'}"
    if spec.parallelism:
        split = spec.parallelism
        yield (
            f"  parallelism tensor {split.tensor} × context {split.context} × pipeline {split.pipeline} × "
            f"data {split.data}, expert {split.expert}"
        )
    yield f"  step        {progress(status)}"
    if status.progress:
        yield f"  checkpoint  step {status.progress.checkpoint_step:,}"
    if status.hosts:
        more = status.host_count - len(status.hosts)
        yield f"  hosts       {', '.join(status.hosts)}{f' and {more:,} more' if more > 0 else ''}"
    yield "Conditions"
    for condition in status.conditions:
        yield f"  {condition.type:<12} {condition.status:<8} {condition.reason}: {condition.message}".rstrip(": ")
    yield f"Restarts: {status.restart_count}"
    yield from _restarts(status)
    yield "Where the time went"
    yield from _times(ledger(job, now=now))


def _restarts(status: TrainingJobStatus) -> Iterator[str]:
    for restart in status.restarts:
        host = f" of {restart.host}" if restart.host else ""
        back = ""
        if restart.step is not None and restart.resumed_from_step is not None:
            back = f", back from step {restart.step:,} to {restart.resumed_from_step:,}"
        whole = "not yet whole again"
        if restart.recovered_at:
            whole = f"whole again after {span((moment(restart.recovered_at) - moment(restart.at)).total_seconds())}"
        yield f"  {restart.at}  {restart.cause}{host}: {whole}{back}"


def _times(spent: Ledger) -> Iterator[str]:
    repeated = "unknown: the job reported no progress" if spent.repeated_s is None else span(spent.repeated_s)
    yield f"  waiting     {span(spent.waiting_s)}"
    yield f"  running     {span(spent.running_s)}"
    yield f"  recovering  {span(spent.recovering_s)}"
    yield f"  repeated    {repeated}"
