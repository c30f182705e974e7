"""TrainingJobs on a cluster: reading, applying, watching, deleting. The command line's one way to the API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from rackwright.cli.connection import Connection, sentences
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.specs.documents import validate_document
from rackwright.specs.training_job import API_VERSION, GROUP, JOB_LABEL, KIND, PLURAL, RANK_LABEL, VERSION, TrainingJob

FIELD_MANAGER = "rackwright-cli"

KUEUE = ("kueue.x-k8s.io", "v1beta2")
"""Kueue's API group and version."""

WATCH_S = 240
"""Seconds after which a watch is begun anew: under the API server's least of 1,800, and seen by proxies as alive."""


@dataclass(frozen=True)
class TrainingJobs:
    """The jobs of a cluster."""

    connection: Connection

    def all_in(self, namespace: str | None) -> list[TrainingJob]:
        """All jobs of a namespace, or of all."""
        with sentences("list jobs"):
            return [_parsed(item) for item in self._list(namespace)["items"]]

    def get(self, namespace: str, name: str) -> TrainingJob:
        """One job."""
        with sentences(f"read job {namespace}/{name}"):
            return _parsed(self._api().get_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, name))

    def apply(self, job: TrainingJob, *, namespace: str) -> TrainingJob:
        """Make the job as its document says, by server-side apply; fields that the document leaves out are left."""
        document = job.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True, exclude={"status"})
        document |= {"apiVersion": API_VERSION, "kind": KIND}
        document["metadata"]["namespace"] = namespace
        with sentences(f"submit job {namespace}/{job.metadata.name}"):
            self._api().patch_namespaced_custom_object(
                GROUP,
                VERSION,
                namespace,
                PLURAL,
                job.metadata.name,
                document,
                field_manager=FIELD_MANAGER,
                force=True,
                _content_type="application/apply-patch+yaml",
            )
        # The client's answer is empty when the object is new: it knows no body of a 201.
        return self.get(namespace, job.metadata.name)

    def set_suspended(self, namespace: str, name: str, *, suspended: bool) -> TrainingJob:
        """Take the job off its hosts, or let it queue again."""
        with sentences(f"{'suspend' if suspended else 'resume'} job {namespace}/{name}"):
            return _parsed(
                self._api().patch_namespaced_custom_object(
                    GROUP,
                    VERSION,
                    namespace,
                    PLURAL,
                    name,
                    {"spec": {"suspend": suspended}},
                    field_manager=FIELD_MANAGER,
                    _content_type="application/merge-patch+json",
                )
            )

    def delete(self, namespace: str, name: str) -> None:
        """Delete the job; it goes when all that belongs to it is gone."""
        with sentences(f"cancel job {namespace}/{name}"):
            self._api().delete_namespaced_custom_object(
                GROUP, VERSION, namespace, PLURAL, name, propagation_policy="Foreground"
            )

    def watch(self, namespace: str | None, *, name: str | None = None) -> Iterator[tuple[str, TrainingJob]]:
        """Every change, as `ADDED`, `MODIFIED` or `DELETED` and the job; first all that there are. It never ends.

        Raise `CommandError` when the one that `name` names isn't there: no change of it would ever come.
        """
        from kubernetes.client import ApiException  # noqa: PLC0415  # loaded only with a cluster
        from kubernetes.watch import Watch  # noqa: PLC0415  # loaded only with a cluster

        selector = {"field_selector": f"metadata.name={name}"} if name else {}
        while True:
            with sentences("watch jobs"):
                listed = self._list(namespace, **selector)
                if name and not listed["items"]:
                    raise CommandError(f"job {namespace}/{name} was deleted.", code=ExitCode.NOT_FOUND)
                for item in listed["items"]:
                    yield "ADDED", _parsed(item)
                version = listed["metadata"]["resourceVersion"]
                try:
                    for event in Watch().stream(  # type: ignore[no-untyped-call]  # the package's watch has no types
                        self._list, namespace, resource_version=version, timeout_seconds=WATCH_S, **selector
                    ):
                        yield event["type"], _parsed(event["object"])
                except ApiException as error:
                    if error.status != HTTPStatus.GONE:  # the version is too old: list again
                        raise

    def local_queue(self, namespace: str, name: str) -> dict[str, Any]:
        """A team's queue."""
        with sentences(f"read queue {namespace}/{name}"):
            return self._kueue("localqueues", namespace=namespace, name=name)

    def local_queues(self, namespace: str) -> list[str]:
        """The names of a namespace's queues."""
        with sentences(f"list queues of {namespace}"):
            found = self._api().list_namespaced_custom_object(*KUEUE, namespace, "localqueues")
            return [item["metadata"]["name"] for item in found["items"]]

    def cluster_queues(self) -> list[dict[str, Any]]:
        """All ClusterQueues."""
        with sentences("list cluster queues"):
            items: list[dict[str, Any]] = self._api().list_cluster_custom_object(*KUEUE, "clusterqueues")["items"]
            return items

    def pod_of_rank(self, job: TrainingJob, namespace: str, rank: int) -> str:
        """The name of a rank's newest pod, which has started."""
        name, hosts = job.metadata.name, job.spec.hosts
        if rank >= hosts:
            raise CommandError(
                f"job {namespace}/{name} has no rank {rank}: it has {hosts} hosts, so --rank is from 0 to {hosts - 1}.",
                code=ExitCode.USAGE,
            )
        with sentences(f"find the pods of job {namespace}/{name}"):
            pods = self._core().list_namespaced_pod(namespace, label_selector=f"{JOB_LABEL}={name},{RANK_LABEL}={rank}")
        newest = max(pods.items, key=lambda pod: pod.metadata.creation_timestamp, default=None)
        phase = job.status.phase if job.status else None
        see = f"see `rackwright describe {name} --namespace {namespace}`"
        if newest is None:
            raise CommandError(
                f"job {namespace}/{name} has no pod of rank {rank} now (the job is {phase or 'new'}): {see}.",
                code=ExitCode.NOT_FOUND,
            )
        if newest.status.phase == "Pending":
            raise CommandError(
                f"pod {newest.metadata.name} of rank {rank} hasn't started yet (the job is {phase or 'new'}): {see}.",
                code=ExitCode.NOT_FOUND,
            )
        found: str = newest.metadata.name
        return found

    def log(self, namespace: str, pod: str, *, follow: bool, tail: int | None) -> Iterator[bytes]:
        """A pod's log in pieces as they come."""
        with sentences(f"read the log of pod {namespace}/{pod}"):
            answer = self._core().read_namespaced_pod_log(
                pod, namespace, follow=follow, tail_lines=tail, _preload_content=False
            )
            yield from answer.stream()

    def events(self, namespace: str, name: str) -> list[Any]:
        """The events about a job, oldest first."""
        with sentences(f"list events of job {namespace}/{name}"):
            found = self._core().list_namespaced_event(
                namespace, field_selector=f"involvedObject.kind={KIND},involvedObject.name={name}"
            )
        return sorted(found.items, key=lambda event: event.last_timestamp or event.metadata.creation_timestamp)

    def _list(self, namespace: str | None, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # the client's own options
        api = self._api()
        found: dict[str, Any] = (
            api.list_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, **options)
            if namespace
            else api.list_cluster_custom_object(GROUP, VERSION, PLURAL, **options)
        )
        return found

    def _kueue(self, plural: str, *, namespace: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._api().get_namespaced_custom_object(*KUEUE, namespace, plural, name)
        return found

    def _api(self) -> Any:  # noqa: ANN401  # the client's methods answer with untyped JSON
        from kubernetes.client import CustomObjectsApi  # noqa: PLC0415  # loaded only with a cluster

        return CustomObjectsApi(self.connection.client)

    def _core(self) -> Any:  # noqa: ANN401  # as above
        from kubernetes.client import CoreV1Api  # noqa: PLC0415  # loaded only with a cluster

        return CoreV1Api(self.connection.client)


def _parsed(item: dict[str, Any]) -> TrainingJob:
    name = item.get("metadata", {}).get("name", "?")
    return validate_document(item, TrainingJob, source=f"job {name} on the cluster")
