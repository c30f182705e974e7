"""What the operator knows of a job's surroundings, cut down to what decisions need.

Objects come from the API server as plain mappings; each view keeps a few fields, so that 100,000 GPUs' pods and nodes
fit in little memory, and so that a change that no decision looks at isn't a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rackwright.specs.kubernetes_names import (
    EVICTED_ANNOTATION,
    FAILED_TAINT_KEY,
    HOSTNAME_LABEL,
    JOB_LABEL,
    PRIORITY_LABEL,
    PROGRESS_ANNOTATION,
    RANK_LABEL,
    TEMPLATE_ANNOTATION,
)
from rackwright.specs.training_job import TrainingJob
from rackwright.specs.training_job_status import TrainingJobStatus

RESTART_LABEL = "jobset.sigs.k8s.io/restart-attempt"

Raw = Mapping[str, Any]
JobKey = tuple[str, str]
"""Namespace and name of a TrainingJob; its JobSet has the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """The TrainingJob as its author wrote it, with what Kubernetes adds."""

    job: TrainingJob
    uid: str
    generation: int
    deleting: bool = False
    revision: str | None = field(default=None, compare=False)
    """Of the object as it was read; another one alone is no change."""

    @property
    def key(self) -> JobKey:
        """Namespace and name."""
        return self.job.metadata.namespace or "", self.job.metadata.name

    @property
    def status(self) -> TrainingJobStatus:
        """What was last reported."""
        return self.job.status or TrainingJobStatus()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSetView:
    """The gang as JobSet runs it."""

    uid: str
    owner_uid: str | None
    deleting: bool = False
    template_sha256: str = ""
    priority: str | None = None
    restarts: int = 0
    succeeded: bool = False
    failure: str | None = None
    """Why it failed for good; None while it hasn't."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadView:
    """The gang as Kueue admits and places it."""

    name: str
    jobset_uid: str | None
    active: bool = True
    evicted_by_operator: bool = False
    reserved: bool = False
    admitted: bool = False
    waiting_for: str = ""
    """Kueue's own sentence on why it has no quota yet."""
    eviction: str | None = None
    """The reason of the last eviction, while it lasts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PodView:
    """One rank of the gang."""

    name: str
    uid: str
    rank: int
    jobset_attempt: int = 0
    host: str | None = None
    """Where it runs, or is to run."""
    bound: bool = False
    phase: str = "Pending"
    ready: bool = False
    deleting: bool = False
    forced: bool = False
    """Whether it is deleted without waiting for its host's word."""
    progress: str | None = None
    """The annotation of rank 0."""

    @property
    def living(self) -> bool:
        """Whether it does, or will do, or has well done its part."""
        return not self.deleting and self.phase != "Failed"

    @property
    def arrived(self) -> bool:
        """Whether it trains, or is through."""
        return self.living and (self.ready or self.phase == "Succeeded")


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView:
    """What Kubernetes says of a host; `sight` makes a `HostView` of it."""

    not_ready: str | None = None
    """Why it isn't ready, as Kubernetes has it; None if it is."""
    since: datetime | None = None
    """When it became not ready; None if it is ready, or never was."""
    excluded: str | None = None
    """Why it is to be left though it is alive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostView:
    """Whether a host can be trusted with a gang."""

    dead: str | None = None
    """Why nothing more can be expected of its pods; None if it is alive."""
    excluded: str | None = None
    """Why it is to be left though it is alive."""
    doubted: bool = False
    """Whether Kubernetes lost sight of it together with most others: that says nothing of this one."""
    settles_at: datetime | None = None
    """When it counts as dead, if it isn't ready again by then."""


ABSENT = HostView(dead="the node is gone")
"""The view of a host whose Node object isn't there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """All that exists of one job besides the TrainingJob itself."""

    jobset: JobSetView | None = None
    workload: WorkloadView | None = None
    """The one of this JobSet."""
    old_workload: bool = False
    """Whether one is there that belongs to a JobSet of the same name that is gone."""
    pods: tuple[PodView, ...] = ()
    old_pods: tuple[PodView, ...] = ()
    """Those that outlive their JobSet, perhaps another job's of the same name."""
    hosts: Mapping[str, HostView] = field(default_factory=dict)
    """The hosts that the pods name."""

    @property
    def going(self) -> bool:
        """Whether an earlier gang of the same name isn't gone altogether.

        JobSet and Kueue tell what belongs to a gang by name: a new one beside what is left of the old gets its Job,
        its pods or its place.
        """
        return self.jobset is None and (self.old_workload or bool(self.old_pods))


def view_job(raw: Raw) -> JobView:
    """Read a TrainingJob; raise pydantic's `ValidationError` for one that the model refuses."""
    meta = raw["metadata"]
    parsed = {
        "apiVersion": raw["apiVersion"],
        "kind": raw["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
        "spec": raw["spec"],
        "status": raw.get("status"),
    }
    return JobView(
        job=TrainingJob.model_validate(parsed),
        uid=meta["uid"],
        generation=meta["generation"],
        revision=meta.get("resourceVersion"),
        deleting="deletionTimestamp" in meta,
    )


def view_jobset(raw: Raw) -> JobSetView:
    """Cut a JobSet down."""
    meta, status = raw["metadata"], raw.get("status", {})
    conditions = conditions_by_type(raw)
    failed = conditions.get("Failed", {})
    return JobSetView(
        uid=meta["uid"],
        owner_uid=controller_uid(raw),
        deleting="deletionTimestamp" in meta,
        template_sha256=meta.get("annotations", {}).get(TEMPLATE_ANNOTATION, ""),
        priority=meta.get("labels", {}).get(PRIORITY_LABEL),
        restarts=status.get("restarts", 0),
        succeeded=conditions.get("Completed", {}).get("status") == "True",
        failure=failed.get("message", "") or "JobSet failed" if failed.get("status") == "True" else None,
    )


def view_workload(raw: Raw) -> WorkloadView:
    """Cut a Workload down."""
    meta = raw["metadata"]
    conditions = conditions_by_type(raw)
    evicted = conditions.get("Evicted", {})
    reserved = conditions.get("QuotaReserved", {})
    return WorkloadView(
        name=meta["name"],
        jobset_uid=controller_uid(raw),
        active=raw["spec"].get("active", True),
        evicted_by_operator=EVICTED_ANNOTATION in meta.get("annotations", {}),
        reserved=reserved.get("status") == "True",
        admitted=conditions.get("Admitted", {}).get("status") == "True",
        waiting_for=reserved.get("message", "") if reserved.get("status") != "True" else "",
        eviction=evicted.get("reason") if evicted.get("status") == "True" else None,
    )


def view_pod(raw: Raw) -> PodView:
    """Cut a pod down."""
    meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
    labels = meta.get("labels", {})
    rank = int(labels[RANK_LABEL])
    node = spec.get("nodeName")
    attempt = labels.get(RESTART_LABEL, "")
    return PodView(
        name=meta["name"],
        uid=meta["uid"],
        rank=rank,
        jobset_attempt=int(attempt) if attempt.isdecimal() else 0,
        host=node or spec.get("nodeSelector", {}).get(HOSTNAME_LABEL),
        bound=node is not None,
        phase=status.get("phase", "Pending"),
        ready=conditions_by_type(raw).get("Ready", {}).get("status") == "True",
        deleting="deletionTimestamp" in meta,
        forced=meta.get("deletionGracePeriodSeconds") == 0,
        progress=meta.get("annotations", {}).get(PROGRESS_ANNOTATION) if rank == 0 else None,
    )


def view_node(raw: Raw) -> NodeView:
    """Cut a Node down."""
    ready = conditions_by_type(raw).get("Ready", {})
    not_ready, since = None, None
    if ready.get("status") != "True":
        not_ready = f"the node isn't ready: {ready.get('reason', 'it has no Ready condition')}"
        changed = ready.get("lastTransitionTime")
        since = datetime.fromisoformat(changed) if changed else None
    taints = {taint["key"]: taint.get("value", "") for taint in raw["spec"].get("taints", ())}
    excluded = f"tainted {FAILED_TAINT_KEY}={taints[FAILED_TAINT_KEY]}" if FAILED_TAINT_KEY in taints else None
    return NodeView(not_ready=not_ready, since=since, excluded=excluded)


def job_of_pod(raw: Raw) -> JobKey | None:
    """The job whose rank a pod is; None for a pod that has the job's label and no rank, whoever made it."""
    labels = raw["metadata"].get("labels", {})
    if JOB_LABEL not in labels or not labels.get(RANK_LABEL, "").isdecimal():
        return None
    return raw["metadata"]["namespace"], labels[JOB_LABEL]


def jobset_of_workload(raw: Raw) -> JobKey | None:
    """The JobSet whose Workload this is, which is also the job; None for other owners' workloads."""
    for owner in raw["metadata"].get("ownerReferences", ()):
        if owner["kind"] == "JobSet" and owner.get("controller"):
            return raw["metadata"]["namespace"], owner["name"]
    return None


def controller_uid(raw: Raw) -> str | None:
    """The uid of the object that controls this one."""
    owners = raw["metadata"].get("ownerReferences", ())
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)


def conditions_by_type(raw: Raw) -> dict[str, Raw]:
    """An object's conditions by their type."""
    return {condition["type"]: condition for condition in raw.get("status", {}).get("conditions") or ()}
