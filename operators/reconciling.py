"""Joins memory, decision and action: lists and watch events fill the store and wake jobs, each wake is one decision."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubernetes.aio import client
from pydantic import ValidationError

from operators.actions import WriteStatus
from operators.decisions import decide
from operators.performing import Performer
from operators.queueing import WorkQueue
from operators.store import KINDS, Kind, Store, object_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operators.actions import Action
    from operators.observed import JobKey, JobView
    from rackwright.specs.job_cluster import JobCluster
    from rackwright.specs.training_job_status import TrainingJobStatus

logger = logging.getLogger(__name__)

DETAIL_INTERVAL_S = 2.0
"""Seconds between two writes of a status in which only details change: progress, and how many pods are ready."""

FIRST_READ_DELAY_S = 2.0
"""Seconds between attempts at the first read, which fails while Kueue's or JobSet's definitions aren't there yet."""

PAGE_SIZE = 500
"""Objects in one page of a list (client-go's default for its pagers)."""


class Reconciler:
    """Looks at jobs when something of theirs changes, and at all of them every `resync_s`."""

    def __init__(self, api: client.ApiClient, cluster: JobCluster, *, resync_s: float) -> None:
        self._custom = client.CustomObjectsApi(api)
        self._core = client.CoreV1Api(api)
        self._performer = Performer(api)
        self._cluster = cluster
        self._resync_s = resync_s
        self._store = Store()
        self._queue = WorkQueue(self.look)
        self._status_written: dict[JobKey, float] = {}
        self.last_heard = time.monotonic()
        """When the API server was last heard of, by an event or a list."""

    async def run(self) -> None:
        """Read everything, then work until cancelled: nothing is decided before all kinds were read once."""
        while not await self._try_to_resync():  # noqa: ASYNC110 - another process is waited for: there is no event
            await asyncio.sleep(FIRST_READ_DELAY_S)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._queue.run())
            group.create_task(self._resync_forever())

    def hear(self, kind: Kind, raw: Mapping[str, Any], *, deleted: bool) -> None:
        """Take in a watch event."""
        self.last_heard = time.monotonic()
        if deleted:
            self._wake(self._store.drop(kind, object_key(raw)))
        else:
            self._wake(self._put(kind, raw))

    async def resync(self) -> None:
        """Read everything anew, and look at every job."""
        for kind in KINDS:
            self._wake(await self._read(kind))
        self.last_heard = time.monotonic()
        self._wake(self._store.jobs())

    async def look(self, key: JobKey) -> float | None:
        """Decide for one job and act; return the seconds until the next look, or None."""
        job = self._store.job(key)
        if job is None:
            self._status_written.pop(key, None)
            return None
        decision = decide(job, self._store.observe(key), self._cluster, now=datetime.now(UTC))
        again_s = decision.look_again_s
        for action in decision.actions:
            wait_s = self._too_soon_s(key, job, action)
            if wait_s:
                again_s = min(wait_s, again_s) if again_s is not None else wait_s
                continue
            logger.info("job %s: %s", "/".join(key), describe(action))
            changed = await self._performer.perform(action, job)
            if changed is not None:  # not to decide on what is older than one's own deeds
                self._put(*changed)
        return again_s

    def _too_soon_s(self, key: JobKey, job: JobView, action: Action) -> float:
        """Seconds to wait with a write of details alone; 0 for everything else."""
        if not isinstance(action, WriteStatus):
            return 0.0
        now = time.monotonic()
        next_s = self._status_written.get(key, -DETAIL_INTERVAL_S) + DETAIL_INTERVAL_S - now
        if next_s > 0 and only_details_differ(action.status, job.status):
            return next_s
        self._status_written[key] = now
        return 0.0

    def _wake(self, keys: set[JobKey]) -> None:
        for key in keys:
            self._queue.add(key)

    def _put(self, kind: Kind, raw: Mapping[str, Any]) -> set[JobKey]:
        try:
            return self._store.put(kind, raw)
        except ValidationError as error:
            # The CRD is of another version than the operator: such a job is left alone until one of the two changes.
            logger.warning("job %s can't be read and is left alone: %s", "/".join(object_key(raw)), error)
            return self._store.drop(kind, object_key(raw))

    async def _read(self, kind: Kind) -> set[JobKey]:
        woken: set[JobKey] = set()
        listed = set()
        token, revision = "", 0
        while True:
            page = await self._list(kind, token)
            for raw in page["items"]:
                listed.add(object_key(raw))
                full = {"apiVersion": kind.api_version, "kind": page["kind"].removesuffix("List"), **raw}
                woken |= self._put(kind, full)
            revision = revision or int(page["metadata"]["resourceVersion"])
            token = page["metadata"].get("continue") or ""
            if not token:
                return woken | self._store.drop_missing(kind, listed, revision)

    async def _list(self, kind: Kind, token: str) -> dict[str, Any]:
        options: dict[str, Any] = {"label_selector": kind.label_selector, "limit": PAGE_SIZE, "_continue": token}
        if kind.group:
            page: Any = await self._custom.list_cluster_custom_object(kind.group, kind.version, kind.plural, **options)
            return dict(page)
        # Of the core API as plain JSON too, and not as models: a view is cut of it, and the rest is thrown away.
        lists: dict[str, Any] = {
            "pods": self._core.list_pod_for_all_namespaces_without_preload_content,
            "nodes": self._core.list_node_without_preload_content,
        }
        response = await lists[kind.plural](**options)
        body: dict[str, Any] = await response.json()
        return body

    async def _try_to_resync(self) -> bool:
        try:
            await self.resync()
        except (client.ApiException, OSError, TimeoutError) as error:
            logger.warning("reading the cluster failed: %s", str(error).strip())
            return False
        return True

    async def _resync_forever(self) -> None:
        while True:
            await asyncio.sleep(self._resync_s)
            await self._try_to_resync()


def only_details_differ(new: TrainingJobStatus, old: TrainingJobStatus) -> bool:
    """Whether nothing has happened that anyone would wait for."""

    def events(status: TrainingJobStatus) -> object:
        verdicts = {each.type: (each.status, each.reason, each.observed_generation) for each in status.conditions}
        return status.phase, verdicts, status.restarts, status.gang

    return events(new) == events(old)


def describe(action: Action) -> str:
    """An action in a log line: its name and what tells it from others, not whole manifests."""
    match action:
        case WriteStatus():
            return f"WriteStatus {action.status.phase}: {action.status.message}"
        case _:
            fields = {name: value for name, value in vars(action).items() if isinstance(value, str)}
            return " ".join([type(action).__name__, *(f"{name}={value}" for name, value in fields.items())])
