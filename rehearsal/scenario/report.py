"""What a rehearsal found: one document for programs, and a summary for people."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from rich.table import Table

SIMULATED = ("hosts", "GPUs", "the RDMA network", "Oracle Cloud", "the training itself and its pace")
"""What isn't real in a rehearsal; everything else is, or has a stand-in."""

STAND_INS = (
    "Pulumi's provider plugins for Oracle and, unless kubernetes_plugin tells of the official one, for Kubernetes",
    "the kubelet, which runs Kueue, JobSet and the operator as processes",
    "the network between API server, webhooks and kubelets, which is an egress proxy",
)
"""What does a real part's work in another way."""


class Phase(BaseModel):
    """One step of the play."""

    name: str
    seconds: float


class HostLoss(BaseModel):
    """What the loss of a host cost."""

    host: str
    replaced_by: str | None
    detected_s: float
    """From the host's failure until the operator says that the job restarts (measured)."""
    recovered_s: float
    """From the host's failure until all pods are ready again (measured)."""
    lost_steps: int
    """Steps since the last checkpoint, done again."""
    lost_work_s: float
    """The time of these steps at the plan's pace."""
    planned_restart_s: float
    """What the plan expects for detection, start and reading the checkpoint on real hosts."""
    lost_gpu_hours: float
    """GPUs × (lost work + the plan's restart)."""
    lost_usd: float


class JobReport(BaseModel):
    """The training job."""

    namespace: str
    name: str
    state: str
    gpus: int
    hosts: int
    pods: int
    steps: int | None
    restarts: int
    admitted_s: float | None
    """From submission until Kueue admitted the gang (measured)."""
    running_s: float | None
    """From submission until all pods were ready (measured)."""


class Report(BaseModel):
    """The whole rehearsal."""

    kind: Literal["Rehearsal"] = "Rehearsal"
    id: str
    cluster: str
    simulated: tuple[str, ...] = SIMULATED
    stand_ins: tuple[str, ...] = STAND_INS
    kubernetes_plugin: str = "stand-in"
    """Which of Pulumi's `kubernetes` plugins played: the stand-in, or the user's official one."""
    played_from: str | None = None
    """The address from which the cluster's API was used, and the way to it."""
    phases: list[Phase] = Field(default_factory=list)
    total_seconds: float = 0
    hosts: int = 0
    gpus: int = 0
    pods: int = 0
    resources: int = 0
    """Resources in Pulumi's state after `up`."""
    job: JobReport | None = None
    host_loss: HostLoss | None = None
    left_behind: list[str] = Field(default_factory=list)
    """What was still there after `pulumi destroy`; empty when all is well."""
    kept_by_helm: list[str] = Field(default_factory=list)
    """Kinds that Helm leaves in a cluster by its own rule; they end with the cluster."""
    error: str | None = None
    """What ended the rehearsal early; what is said of it is then as far as it came."""
    kept: bool = False
    state_directory: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the job succeeded and nothing was left behind."""
        done = self.job is not None and self.job.state == "Succeeded"
        return done and self.error is None and not self.left_behind


def summary(report: Report, *, plan: dict[str, str]) -> Table:
    """Plan against what happened, as a table; `plan` has the plan's words for the same rows."""
    table = Table(title=f"Rehearsal of {report.cluster}", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("plan")
    table.add_column("rehearsed")
    rows = {
        "hosts": f"{report.hosts:,}",
        "GPUs": f"{report.gpus:,}",
        **_job_rows(report.job),
        **_loss_rows(report.host_loss),
        "declared": f"{report.resources} resources",
        "time": f"{report.total_seconds:.0f} s for all of it",
    }
    for name, happened in rows.items():
        table.add_row(name, plan.get(name, ""), happened)
    return table


def _job_rows(job: JobReport | None) -> dict[str, str]:
    if job is None:
        return {}
    return {
        "job": f"{job.namespace}/{job.name}: {job.state}",
        "gang": f"{job.pods} pods on {job.hosts} hosts, {job.gpus:,} GPUs",
        "start": f"admitted after {seconds(job.admitted_s)}, all ready after {seconds(job.running_s)}",
        "steps": f"{job.steps:,} (the last checkpoints of the run were played)" if job.steps else "not reported",
        "restarts": str(job.restarts),
    }


def _loss_rows(loss: HostLoss | None) -> dict[str, str]:
    if loss is None:
        return {}
    return {
        "host lost": f"{loss.host}; {loss.replaced_by or 'nobody'} took its place",
        "restart": f"seen after {seconds(loss.detected_s)}, whole again after {seconds(loss.recovered_s)}",
        "lost work": f"{loss.lost_steps} steps = {duration(loss.lost_work_s)} of training",
        "lost in all": f"{loss.lost_gpu_hours:,.0f} GPU-hours, ${loss.lost_usd:,.0f}",
    }


def seconds(value: float | None) -> str:
    """Seconds for people; a dash for what wasn't seen."""
    return "–" if value is None else f"{value:.1f} s"


def duration(value_s: float) -> str:
    """A duration in the unit that fits."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if value_s >= size:
            return f"{value_s / size:.1f} {unit}"
    return f"{value_s:.1f} s"
