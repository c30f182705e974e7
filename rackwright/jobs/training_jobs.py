"""TrainingJobs on a cluster: reading, applying, watching, deleting, and what their pods say."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rackwright.jobs.connection import ANSWER_S, Connection, client_errors
from rackwright.jobs.errors import NotFound
from rackwright.jobs.watching import Breaks, changes
from rackwright.specs.documents import validate_document
from rackwright.specs.kubernetes_names import API_VERSION, GROUP, JOB_LABEL, RANK_LABEL, VERSION
from rackwright.specs.training_job import KIND, PLURAL, TrainingJob

FIELD_MANAGER = "rackwright-cli"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What somebody on the cluster said about a job."""

    at: str
    """When it was last said."""
    reason: str
    message: str


@dataclass(frozen=True)
class TrainingJobs:
    """The jobs of a cluster."""

    connection: Connection

    def all_in(self, namespace: str | None) -> list[TrainingJob]:
        """All jobs of a namespace, or of all."""
        with client_errors("list jobs"):
            return [_parsed(item) for item in self._list(namespace, _request_timeout=ANSWER_S)["items"]]

    def get(self, namespace: str, name: str) -> TrainingJob:
        """One job."""
        with client_errors(f"read job {namespace}/{name}"):
            return _parsed(
                self.connection.custom_objects.get_namespaced_custom_object(
                    GROUP, VERSION, namespace, PLURAL, name, _request_timeout=ANSWER_S
                )
            )

    def apply(self, job: TrainingJob, *, namespace: str) -> TrainingJob:
        """Make the job as its document says, by server-side apply; fields that the document leaves out are left."""
        document = job.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True, exclude={"status"})
        document |= {"apiVersion": API_VERSION, "kind": KIND}
        document["metadata"]["namespace"] = namespace
        with client_errors(f"submit job {namespace}/{job.metadata.name}"):
            self._patch(namespace, job.metadata.name, document, "application/apply-patch+yaml", force=True)
        # The client's answer is empty when the object is new: it knows no body of a 201.
        return self.get(namespace, job.metadata.name)

    def set_suspended(self, namespace: str, name: str, *, suspended: bool) -> TrainingJob:
        """Take the job off its hosts, or let it queue again."""
        with client_errors(f"{'suspend' if suspended else 'resume'} job {namespace}/{name}"):
            return _parsed(
                self._patch(namespace, name, {"spec": {"suspend": suspended}}, "application/merge-patch+json")
            )

    def delete(self, namespace: str, name: str) -> None:
        """Delete the job; it goes when all that belongs to it is gone."""
        with client_errors(f"cancel job {namespace}/{name}"):
            self.connection.custom_objects.delete_namespaced_custom_object(
                GROUP, VERSION, namespace, PLURAL, name, propagation_policy="Foreground", _request_timeout=ANSWER_S
            )

    def watch(
        self, namespace: str | None, *, name: str | None = None, timeout_s: float | None = None
    ) -> Iterator[tuple[str, TrainingJob]]:
        """Every change, as `ADDED`, `MODIFIED` or `DELETED` and the job; first all that there are, as `ADDED`.

        It ends after `timeout_s`, or never; where the stream breaks or falls silent, all that there are come again.
        Raise `NotFound` when the one that `name` names isn't there: no change of it would ever come.
        """
        selector = {"field_selector": f"metadata.name={name}"} if name else {}
        end = math.inf if timeout_s is None else time.monotonic() + timeout_s
        breaks = Breaks()
        with client_errors("watch jobs"):
            while True:
                listed = self._list(namespace, _request_timeout=ANSWER_S, **selector)
                if name and not listed["items"]:
                    raise NotFound(f"job {namespace}/{name} was deleted.")
                for item in listed["items"]:
                    yield "ADDED", _parsed(item)
                left_s = end - time.monotonic()
                if left_s <= 0:
                    return
                with breaks.survived():
                    for event in changes(
                        self._list, namespace, since=listed["metadata"]["resourceVersion"], for_s=left_s, **selector
                    ):
                        breaks.forget()
                        yield event["type"], _parsed(event["object"])

    def pod_of_rank(self, job: TrainingJob, namespace: str, rank: int) -> str:
        """The name of a rank's newest pod, which has started; raise `NotFound` where there is none."""
        name = job.metadata.name
        with client_errors(f"find the pods of job {namespace}/{name}"):
            pods = self.connection.core.list_namespaced_pod(
                namespace, label_selector=f"{JOB_LABEL}={name},{RANK_LABEL}={rank}", _request_timeout=ANSWER_S
            )
        newest = max(pods.items, key=lambda pod: pod.metadata.creation_timestamp, default=None)
        phase = job.status.phase if job.status else "new"
        see = f"see `rackwright describe {name} --namespace {namespace}`"
        if newest is None:
            raise NotFound(f"job {namespace}/{name} has no pod of rank {rank} now (the job is {phase}): {see}.")
        found: str = newest.metadata.name
        if newest.status.phase == "Pending":
            raise NotFound(f"pod {found} of rank {rank} hasn't started yet (the job is {phase}): {see}.")
        return found

    def log(self, namespace: str, pod: str, *, follow: bool, tail: int | None) -> Iterator[bytes]:
        """A pod's log in pieces as they come."""
        reach_s, answer_s = ANSWER_S
        with client_errors(f"read the log of pod {namespace}/{pod}"):
            answer = self.connection.core.read_namespaced_pod_log(
                pod,
                namespace,
                follow=follow,
                tail_lines=tail,
                _preload_content=False,
                _request_timeout=(reach_s, None if follow else answer_s),
            )
            yield from answer.stream()

    def events(self, namespace: str, name: str) -> list[Event]:
        """The events about a job, oldest first."""
        with client_errors(f"list events of job {namespace}/{name}"):
            found = self.connection.core.list_namespaced_event(
                namespace,
                field_selector=f"involvedObject.kind={KIND},involvedObject.name={name}",
                _request_timeout=ANSWER_S,
            )
        times = [event.last_timestamp or event.metadata.creation_timestamp for event in found.items]
        return [
            Event(at=str(at), reason=event.reason or "", message=event.message or "")
            for at, event in sorted(zip(times, found.items, strict=True), key=lambda pair: pair[0])
        ]

    def _list(self, namespace: str | None, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # the client's own options
        api = self.connection.custom_objects
        found: dict[str, Any] = (
            api.list_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, **options)
            if namespace
            else api.list_cluster_custom_object(GROUP, VERSION, PLURAL, **options)
        )
        return found

    def _patch(self, namespace: str, name: str, patch: object, kind: str, **options: bool) -> dict[str, Any]:
        changed: dict[str, Any] = self.connection.custom_objects.patch_namespaced_custom_object(
            GROUP,
            VERSION,
            namespace,
            PLURAL,
            name,
            patch,
            field_manager=FIELD_MANAGER,
            _content_type=kind,
            _request_timeout=ANSWER_S,
            **options,
        )
        return changed


def _parsed(item: dict[str, Any]) -> TrainingJob:
    name = item.get("metadata", {}).get("name", "?")
    return validate_document(item, TrainingJob, source=f"job {name} on the cluster")
