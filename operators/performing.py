"""The one place that acts on the cluster: requests to the API server for each action.

Writes are server-side apply under the operator's own field manager, forced only for the status, which nobody else
writes. Deletes name the uid, so that a new object of the same name is safe from a decision about an old one. What is
gone already, or there already, is as it shall be.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Self

from kubernetes.aio import client
from pydantic import ValidationError

from operators.actions import (
    Action,
    CreateJobSet,
    DeleteJob,
    DeleteJobSet,
    EmitEvent,
    EvictWorkload,
    FailPod,
    ReactivateWorkload,
    SetPriority,
    WriteStatus,
)
from operators.observed import JobKey, JobView, Raw
from operators.store import JOBS, JOBSETS, WORKLOADS, Kind
from rackwright.specs.kubernetes_names import API_VERSION, EVICTED_ANNOTATION, PRIORITY_LABEL
from rackwright.specs.training_job import KIND
from rackwright.specs.training_job_status import timestamp

logger = logging.getLogger(__name__)

FIELD_MANAGER = "rackwright-operator"
UNREADABLE_MANAGER = "rackwright-operator-unreadable"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC_MERGE = "application/strategic-merge-patch+json"

REQUEST_TIMEOUT_S = 30.0
"""Seconds for one deed, so that an API server that doesn't answer can't hold a worker for the client's 300."""

NOTE_LENGTH = 1024
"""Bytes of an event's note (the API's limit); messages are ASCII but for a few characters, so fewer are taken."""


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A TrainingJob that the API server took and the operator's model refuses."""

    key: JobKey
    uid: str
    generation: int
    message: str

    @classmethod
    def of(cls, raw: Raw, error: ValidationError) -> Self:
        """Read what can be read of it."""
        meta = raw["metadata"]
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return cls(
            key=(meta["namespace"], meta["name"]),
            uid=meta["uid"],
            generation=meta["generation"],
            message=f"The operator can't read this job and leaves it alone: {faults}. "
            "Bring the operator to the version of the TrainingJob definition, or change the job.",
        )


async def checked(asked: Awaitable[Any]) -> Any:  # noqa: ANN401 - the package's own response, which it leaves untyped
    """The response to a request of the core API, taken as it comes and not through the package's models.

    Those refuse what a newer API server says. Without them, the package leaves looking at the status to its caller:
    raise its `ApiException` where that isn't a success.
    """
    response = await asked
    if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        raise client.ApiException(status=response.status, reason=response.reason)
    return response


class Performer:
    """Acts for one job at a time, through one connection."""

    def __init__(self, api: client.ApiClient) -> None:
        self._custom = client.CustomObjectsApi(api)
        self._core = client.CoreV1Api(api)
        self._events = client.EventsV1Api(api)

    async def perform(self, action: Action, job: JobView) -> tuple[Kind, Raw] | None:
        """Do one thing; return the JobSet or TrainingJob that it made or changed.

        Raise `kubernetes.aio.client.ApiException` if the API server doesn't let it.
        """
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return await self._perform(action, job)

    async def _perform(self, action: Action, job: JobView) -> tuple[Kind, Raw] | None:
        namespace, name = job.key
        match action:
            case CreateJobSet():
                return await self._create_jobset(namespace, name, action)
            case DeleteJobSet():
                await self._delete(JOBSETS, namespace, action.name, action.uid)
            case DeleteJob():
                await self._delete(JOBS, namespace, name, action.uid)
            case SetPriority():
                labels = {PRIORITY_LABEL: action.priority}
                await self._merge(JOBSETS, namespace, action.jobset, {"metadata": {"labels": labels}})
            case EvictWorkload():
                marked = {"annotations": {EVICTED_ANNOTATION: action.reason}}
                await self._merge(WORKLOADS, namespace, action.name, {"metadata": marked, "spec": {"active": False}})
            case ReactivateWorkload():
                cleared = {"annotations": {EVICTED_ANNOTATION: None}}
                await self._merge(WORKLOADS, namespace, action.name, {"metadata": cleared, "spec": {"active": True}})
            case FailPod():
                await self._fail_pod(namespace, action)
            case WriteStatus():
                status = action.status.model_dump(mode="json", by_alias=True, exclude_none=True)
                return await self._apply_status(namespace, name, status, revision=job.revision, manager=FIELD_MANAGER)
            case EmitEvent():
                await self._emit(job.key, job.uid, action)
        return None

    async def tell(self, unreadable: Unreadable) -> None:
        """Say on a job itself that it can't be read: by an event, and by its condition `Accepted`.

        The condition alone is applied, in another manager's name than the status: applying that as a whole would take
        away what a later operator needs of it.
        """
        namespace, name = unreadable.key
        logger.info("job %s/%s: unreadable", namespace, name)
        condition = {
            "type": "Accepted",
            "status": "False",
            "reason": "Unreadable",
            "message": unreadable.message,
            "lastTransitionTime": timestamp(datetime.now(UTC)),
            "observedGeneration": unreadable.generation,
        }
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            await self._emit(
                unreadable.key, unreadable.uid, EmitEvent(type="Warning", reason="Unreadable", note=unreadable.message)
            )
            await self._apply_status(
                namespace, name, {"conditions": [condition]}, revision=None, manager=UNREADABLE_MANAGER
            )

    async def _create_jobset(self, namespace: str, name: str, action: CreateJobSet) -> tuple[Kind, Raw] | None:
        try:
            await self._custom.patch_namespaced_custom_object(
                JOBSETS.group, JOBSETS.version, namespace, JOBSETS.plural, name, action.manifest,
                field_manager=FIELD_MANAGER, _content_type=APPLY,
            )  # fmt: skip
            # The client's answer is empty when the object is new: it knows no body of a 201.
            made: Any = await self._custom.get_namespaced_custom_object(
                JOBSETS.group, JOBSETS.version, namespace, JOBSETS.plural, name
            )
        except client.ApiException as error:
            # It is there, and another controller has a part in it, or it is gone again: the watch will tell.
            if error.status not in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
                raise
            return None
        return JOBSETS, made

    async def _delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        # In the foreground: the object stays until its pods are gone, so that none of the same name is made meanwhile.
        options = client.V1DeleteOptions(propagation_policy="Foreground", preconditions=client.V1Preconditions(uid=uid))
        try:
            await self._custom.delete_namespaced_custom_object(
                kind.group, kind.version, namespace, kind.plural, name, body=options
            )
        except client.ApiException as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:  # gone, or another one by now
                raise

    async def _merge(self, kind: Kind, namespace: str, name: str, patch: dict[str, Any]) -> None:
        try:
            await self._custom.patch_namespaced_custom_object(
                kind.group, kind.version, namespace, kind.plural, name, patch,
                field_manager=FIELD_MANAGER, _content_type=MERGE,
            )  # fmt: skip
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    async def _fail_pod(self, namespace: str, action: FailPod) -> None:
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": action.reason,
            "message": action.message,
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        patch = {"metadata": {"uid": action.uid}, "status": {"phase": "Failed", "conditions": [condition]}}
        options = client.V1DeleteOptions(grace_period_seconds=0, preconditions=client.V1Preconditions(uid=action.uid))
        try:
            await checked(
                self._core.patch_namespaced_pod_status_without_preload_content(
                    action.name, namespace, patch, field_manager=FIELD_MANAGER, _content_type=STRATEGIC_MERGE
                )
            )
            await checked(
                self._core.delete_namespaced_pod_without_preload_content(action.name, namespace, body=options)
            )
        except client.ApiException as error:
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                raise

    async def _apply_status(
        self, namespace: str, name: str, status: dict[str, Any], *, revision: str | None, manager: str
    ) -> tuple[Kind, Raw] | None:
        # With the revision that the status was made of, so that a new job of the same name doesn't get the old one's
        # (the API server takes no uid for that here). A conflict is tried again from what is there by then.
        metadata = {"name": name, "resourceVersion": revision} if revision else {"name": name}
        body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status}
        try:
            changed: Any = await self._custom.patch_namespaced_custom_object_status(
                JOBS.group, JOBS.version, namespace, JOBS.plural, name, body,
                field_manager=manager, force=True, _content_type=APPLY,
            )  # fmt: skip
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:  # the job was deleted
                raise
            return None
        return JOBS, changed

    async def _emit(self, key: JobKey, uid: str, action: EmitEvent) -> None:
        namespace, name = key
        body: Any = {
            "metadata": {"name": f"{name}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": timestamp(datetime.now(UTC)).replace("Z", "000Z"),  # microseconds
            "reportingController": "rackwright.dev/operator",
            "reportingInstance": FIELD_MANAGER,
            "action": "Reconcile",
            "type": action.type,
            "reason": action.reason,
            "note": action.note.encode()[: NOTE_LENGTH - 1].decode(errors="ignore"),
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "namespace": namespace,
                "name": name,
                "uid": uid,
            },
        }
        try:
            await checked(self._events.create_namespaced_event_without_preload_content(namespace, body))
        except client.ApiException as error:
            # The status says the same, and stays; what goes on mustn't wait for it.
            logger.warning("job %s/%s: event %s was refused: %s", namespace, name, action.reason, error.reason)
