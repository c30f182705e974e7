"""The trainer's view of the cluster: which jobs there are, and whose gang runs as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from kubernetes import client
from kubernetes.informer import SharedInformer

from rackwright.jobs.connection import Connection
from rackwright.jobs.errors import NotFound
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.specs import TrainingJob
from rackwright.specs.kubernetes_names import JOB_LABEL, PROGRESS_ANNOTATION, RANK_LABEL
from rackwright.specs.training_job_status import ReportedProgress
from rehearsal.simulated import FINISHED_ANNOTATION
from rehearsal.trainer.training import Pace

DEFAULT_STEPS = 1000
DEFAULT_STEP_S = 10.0
"""What is played for a job that doesn't say what it expects."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training job as far as the trainer cares."""

    uid: str
    namespace: str
    name: str
    hosts: int
    pace: Pace


@dataclass(frozen=True, kw_only=True)
class Gang:
    """All pods of a job, running on hosts that are ready."""

    namespace: str
    uids: tuple[str, ...]
    """Of the pods, in rank order."""
    pods: tuple[str, ...]
    """In rank order."""
    training: tuple[str, ...]
    """Those that haven't been told yet that they are done."""

    @property
    def id(self) -> str:
        """Another one for each gang of a job."""
        return ",".join(self.uids)


class Cluster:
    """Reads jobs, pods and hosts; writes through pods what training processes would."""

    def __init__(self, api: client.ApiClient) -> None:
        core = client.CoreV1Api(api)
        self._core = core
        self._jobs = TrainingJobs(Connection(client=api, namespace=None))
        self._pods = SharedInformer(core.list_pod_for_all_namespaces, label_selector=JOB_LABEL)  # type: ignore[no-untyped-call]  # the package's informer has no types
        self._nodes = SharedInformer(core.list_node)  # type: ignore[no-untyped-call]  # as above
        for informer in (self._pods, self._nodes):
            informer.start()  # type: ignore[no-untyped-call]  # as above

    def jobs(self) -> list[Job]:
        """All training jobs; none while the CRD isn't there yet."""
        try:
            return [as_job(job) for job in self._jobs.all_in(None)]
        except NotFound:
            return []

    def gang(self, job: Job) -> Gang | None:
        """The job's gang, if all its pods run on ready hosts."""
        ready_hosts = {node.metadata.name for node in self._nodes.cache.list() if _is_ready(node.status)}
        pods: dict[int, client.V1ObjectMeta] = {}
        for pod in self._pods.cache.list():
            meta = pod.metadata
            if (meta.namespace, meta.labels[JOB_LABEL]) != (job.namespace, job.name) or meta.deletion_timestamp:
                continue
            if pod.status.phase == "Running" and pod.spec.node_name in ready_hosts:
                pods[int(meta.labels.get(RANK_LABEL, 0))] = meta
        if len(pods) < job.hosts:
            return None
        in_order = [pods[rank] for rank in sorted(pods)]
        return Gang(
            namespace=job.namespace,
            uids=tuple(str(meta.uid) for meta in in_order),
            pods=tuple(str(meta.name) for meta in in_order),
            training=tuple(str(meta.name) for meta in in_order if FINISHED_ANNOTATION not in (meta.annotations or {})),
        )

    def report(self, gang: Gang, *, step: int, checkpoint_step: int) -> None:
        """Write progress on the pod of rank 0, as its process would."""
        progress = ReportedProgress(step=step, checkpoint_step=checkpoint_step)
        self._annotate(gang, gang.pods[0], {PROGRESS_ANNOTATION: json.dumps(progress.model_dump(by_alias=True))})

    def finish(self, gang: Gang) -> None:
        """Let all processes end well."""
        for pod in gang.training:
            self._annotate(gang, pod, {FINISHED_ANNOTATION: "true"})

    def _annotate(self, gang: Gang, pod: str, annotations: Mapping[str, str]) -> None:
        try:
            self._core.patch_namespaced_pod(pod, gang.namespace, {"metadata": {"annotations": dict(annotations)}})
        except client.ApiException as error:
            # The pod just went: the next look sees that.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise


def as_job(job: TrainingJob) -> Job:
    """A TrainingJob of the cluster as the trainer sees it."""
    expected = job.spec.expected
    checkpoint = job.spec.checkpoint
    kept = job.metadata.model_extra or {}
    return Job(
        uid=str(kept["uid"]),
        namespace=job.metadata.namespace or "",
        name=job.metadata.name,
        hosts=job.spec.hosts,
        pace=Pace.of(
            steps=expected.steps if expected else DEFAULT_STEPS,
            step_s=expected.step_seconds if expected else DEFAULT_STEP_S,
            checkpoint_interval_s=checkpoint.interval_seconds if checkpoint else None,
        ),
    )


def _is_ready(status: client.V1NodeStatus) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in status.conditions or [])
