"""The operator's memory of the cluster: views of jobs, JobSets, Workloads, pods and nodes, and the job each is of.

Filled by lists and kept current by watch events. A list also drops what has gone while no watch was looking; resource
versions tell which of a list and an event is newer (they are comparable numbers since Kubernetes 1.35).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operators import observed, sight
from operators.observed import JobKey, JobSetView, JobView, NodeView, Observed, PodView, WorkloadView
from rackwright.specs.kubernetes_names import API_VERSION, JOB_LABEL
from rackwright.specs.training_job import PLURAL

View = JobView | JobSetView | WorkloadView | PodView | NodeView
ObjectKey = tuple[str, str]
"""Namespace (empty for nodes) and name."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of object that the operator watches."""

    api_version: str
    plural: str
    view: Callable[[Mapping[str, Any]], View]
    job: Callable[[Mapping[str, Any]], JobKey | None]
    """Which job an object is of; None for none (others' objects, which aren't kept) and for nodes."""
    label_selector: str = ""
    """Restricts lists and watches on the server's side."""

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version in the group."""
        return self.api_version.rpartition("/")[2]


def _own_key(raw: Mapping[str, Any]) -> JobKey:
    return raw["metadata"]["namespace"], raw["metadata"]["name"]


def _no_job(raw: Mapping[str, Any]) -> None:  # noqa: ARG001 - nodes are of no job
    return None


JOBS = Kind(api_version=API_VERSION, plural=PLURAL, view=observed.view_job, job=_own_key)
JOBSETS = Kind(api_version="jobset.x-k8s.io/v1alpha2", plural="jobsets", view=observed.view_jobset, job=_own_key)
WORKLOADS = Kind(
    api_version="kueue.x-k8s.io/v1beta2",
    plural="workloads",
    view=observed.view_workload,
    job=observed.jobset_of_workload,
)
PODS = Kind(
    api_version="v1",
    plural="pods",
    view=observed.view_pod,
    job=observed.job_of_pod,
    label_selector=JOB_LABEL,
)
NODES = Kind(api_version="v1", plural="nodes", view=observed.view_node, job=_no_job)

KINDS = (NODES, JOBSETS, WORKLOADS, PODS, JOBS)
"""In the order in which they are first read: a job last, when all that is of it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    revision: int
    view: View
    job: JobKey | None


class Store:
    """Views by kind and name, and by job."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[ObjectKey, _Kept]] = {kind.plural: {} for kind in KINDS}
        self._of_job: dict[str, dict[JobKey, set[ObjectKey]]] = {kind.plural: defaultdict(set) for kind in KINDS}
        self._on_host: dict[str, set[ObjectKey]] = defaultdict(set)
        self._gone: dict[str, dict[ObjectKey, int]] = {kind.plural: {} for kind in KINDS}
        """The revisions at which objects were deleted, since the last list began: older news of them is void."""
        self._sight: sight.Sight | None = None
        """Of the nodes as they are kept; None when one changed since it was made."""

    def put(self, kind: Kind, raw: Mapping[str, Any]) -> set[JobKey]:
        """Keep an object's view; return the jobs that have to be looked at because of it.

        Raise pydantic's `ValidationError` for a TrainingJob that the model refuses.
        """
        key = object_key(raw)
        job = kind.job(raw)
        if job is None and kind is not NODES:
            return set()
        revision = int(raw["metadata"].get("resourceVersion", 0))
        before = self._kept[kind.plural].get(key)
        if before is not None and before.revision >= revision:
            return set()
        if self._gone[kind.plural].get(key, -1) >= revision:
            return set()
        kept = _Kept(revision=revision, view=kind.view(raw), job=job)
        self._forget_places(kind, key)
        self._kept[kind.plural][key] = kept
        if job is not None:
            self._of_job[kind.plural][job].add(key)
        if isinstance(kept.view, PodView) and kept.view.host:
            self._on_host[kept.view.host].add(key)
        if before is not None and before.view == kept.view:
            return set()
        return self._concerned(kind, key, job)

    def delete(self, kind: Kind, raw: Mapping[str, Any]) -> set[JobKey]:
        """Forget a deleted object, unless a newer one of its name is known; return the jobs that are concerned."""
        key, revision = object_key(raw), int(raw["metadata"].get("resourceVersion", 0))
        kept = self._kept[kind.plural].get(key)
        if kept is not None and kept.revision > revision:
            return set()
        if kept is not None or kind.job(raw) is not None:
            self._gone[kind.plural][key] = revision
        return self.drop(kind, key)

    def expect_list(self, kind: Kind) -> None:
        """Prepare for a list that is yet to be asked for: it has nothing that is gone by now."""
        self._gone[kind.plural].clear()

    def drop(self, kind: Kind, key: ObjectKey) -> set[JobKey]:
        """Forget an object; return the jobs that have to be looked at because of it."""
        before = self._kept[kind.plural].get(key)
        concerned = self._concerned(kind, key, before.job if before else None)
        self._forget_places(kind, key)
        self._kept[kind.plural].pop(key, None)
        return concerned

    def drop_missing(self, kind: Kind, listed: set[ObjectKey], revision: int) -> set[JobKey]:
        """Forget what a list of that revision doesn't have, unless it is newer than the list."""
        gone = [key for key, kept in self._kept[kind.plural].items() if key not in listed and kept.revision <= revision]
        return {job for key in gone for job in self.drop(kind, key)}

    def jobs(self) -> set[JobKey]:
        """Every TrainingJob."""
        return set(self._kept[JOBS.plural])

    def job(self, key: JobKey) -> JobView | None:
        """A TrainingJob."""
        kept = self._kept[JOBS.plural].get(key)
        return kept.view if kept is not None and isinstance(kept.view, JobView) else None

    def observe(self, key: JobKey, *, now: datetime) -> Observed:
        """All that there is of one job."""
        jobsets = [view for view in self._views(JOBSETS, key) if isinstance(view, JobSetView)]
        workloads = [view for view in self._views(WORKLOADS, key) if isinstance(view, WorkloadView)]
        pods = tuple(view for view in self._views(PODS, key) if isinstance(view, PodView))
        jobset = jobsets[0] if jobsets else None
        names = {pod.host for pod in pods if pod.host}
        pods = tuple(sorted(pods, key=lambda pod: (pod.rank, pod.name)))
        return Observed(
            jobset=jobset,
            workload=next((each for each in workloads if jobset and each.jobset_uid == jobset.uid), None),
            old_workload=any(jobset is None or each.jobset_uid != jobset.uid for each in workloads),
            pods=pods if jobset is not None else (),
            old_pods=pods if jobset is None else (),
            hosts={name: sight.judge(self._node(name), self._seen(), now=now) for name in names},
        )

    def _node(self, name: str) -> NodeView | None:
        kept = self._kept[NODES.plural].get(("", name))
        return kept.view if kept is not None and isinstance(kept.view, NodeView) else None

    def _seen(self) -> sight.Sight:
        if self._sight is None:
            nodes = (kept.view for kept in self._kept[NODES.plural].values())
            self._sight = sight.sight(node for node in nodes if isinstance(node, NodeView))
        return self._sight

    def _views(self, kind: Kind, job: JobKey) -> list[View]:
        kept = self._kept[kind.plural]
        return [kept[key].view for key in self._of_job[kind.plural].get(job, ())]

    def _concerned(self, kind: Kind, key: ObjectKey, job: JobKey | None) -> set[JobKey]:
        if kind is NODES:
            pods = self._kept[PODS.plural]
            return {kept.job for pod in self._on_host.get(key[1], ()) if (kept := pods[pod]).job is not None}
        return {job} if job is not None else set()

    def _forget_places(self, kind: Kind, key: ObjectKey) -> None:
        if kind is NODES:
            self._sight = None
        before = self._kept[kind.plural].get(key)
        if before is None:
            return
        if before.job is not None:
            keys = self._of_job[kind.plural][before.job]
            keys.discard(key)
            if not keys:
                del self._of_job[kind.plural][before.job]
        if isinstance(before.view, PodView) and before.view.host:
            pods = self._on_host[before.view.host]
            pods.discard(key)
            if not pods:
                del self._on_host[before.view.host]


def object_key(raw: Mapping[str, Any]) -> ObjectKey:
    """An object's namespace and name."""
    return raw["metadata"].get("namespace", ""), raw["metadata"]["name"]
