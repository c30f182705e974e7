"""Joins memory, decision and action: lists and watch events fill the store and wake jobs, each wake is one decision."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kubernetes.aio import client
from pydantic import ValidationError

from operators.actions import Action, WriteStatus
from operators.decisions import decide
from operators.observed import JobKey, JobView
from operators.performing import Performer, Unreadable, checked
from operators.queueing import API_TROUBLE, WorkQueue
from operators.store import JOBS, KINDS, Kind, Store, object_key
from rackwright.specs.job_cluster import JobCluster
from rackwright.specs.training_job_status import TrainingJobStatus

logger = logging.getLogger(__name__)

DETAIL_INTERVAL_S = 2.0
"""Seconds between two writes of a status in which only details change: progress, and how many pods are ready."""

DETAIL_WRITES_PER_S = 50.0
"""Such writes per second for all jobs together: etcd takes some thousands of all kinds, and has others to serve."""

FIRST_READ_DELAY_S = 2.0
"""Seconds between attempts at the first read, which fails while Kueue's or JobSet's definitions aren't there yet."""

PAGE_SIZE = 500
"""Objects in one page of a list (client-go's default): 100,000 pods in one answer would be gigabytes."""

LIST_TIMEOUT_S = 60.0
"""Seconds for one page of a list."""


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
        self._unreadable: dict[JobKey, Unreadable] = {}
        self._told: dict[JobKey, Unreadable] = {}
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
            self._wake(self._store.delete(kind, raw))
            if kind is JOBS:
                self._forget(object_key(raw))
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
            if key in self._unreadable and self._told.get(key) != self._unreadable[key]:
                self._told[key] = unreadable = self._unreadable[key]
                await self._performer.tell(unreadable)
            return None
        now = datetime.now(UTC)
        decision = decide(job, self._store.observe(key, now=now), self._cluster, now=now)
        again_s = decision.look_again_s
        for action in decision.actions:
            wait_s = self._too_soon_s(key, job, action)
            if wait_s:
                again_s = min(wait_s, again_s) if again_s is not None else wait_s
                continue
            told = isinstance(action, WriteStatus) and only_details_differ(action.status, job.status)
            logger.log(logging.DEBUG if told else logging.INFO, "job %s: %s", "/".join(key), describe(action))
            changed = await self._performer.perform(action, job)
            if changed is not None:
                # Not to decide on what is older than one's own deeds. What comes back may have somebody else's change
                # in it too, whose own event is then no news any more: so it wakes the job.
                self._wake(self._put(*changed))
        return again_s

    def _too_soon_s(self, key: JobKey, job: JobView, action: Action) -> float:
        """Seconds to wait with a write of details alone; 0 for everything else."""
        if not isinstance(action, WriteStatus):
            return 0.0
        now = time.monotonic()
        interval_s = max(DETAIL_INTERVAL_S, len(self._status_written) / DETAIL_WRITES_PER_S)
        next_s = self._status_written.get(key, now - interval_s) + interval_s - now
        if next_s > 0 and only_details_differ(action.status, job.status):
            return next_s
        self._status_written[key] = now
        return 0.0

    def _wake(self, keys: set[JobKey]) -> None:
        for key in keys:
            self._queue.add(key)

    def _put(self, kind: Kind, raw: Mapping[str, Any]) -> set[JobKey]:
        key = object_key(raw)
        try:
            woken = self._store.put(kind, raw)
        except ValidationError as error:
            # The CRD is of another version than the operator: such a job is left alone until one of the two changes.
            unreadable = Unreadable.of(raw, error)
            if self._unreadable.get(key) != unreadable:
                logger.warning("job %s: %s", "/".join(key), unreadable.message)
            self._unreadable[key] = unreadable
            return self._store.drop(kind, key) | {key}
        if kind is JOBS:
            self._unreadable.pop(key, None)
        return woken

    def _forget(self, key: JobKey) -> None:
        self._status_written.pop(key, None)
        self._unreadable.pop(key, None)
        self._told.pop(key, None)

    async def _read(self, kind: Kind) -> set[JobKey]:
        woken: set[JobKey] = set()
        listed = set()
        token, revision = "", 0
        self._store.expect_list(kind)
        while True:
            async with asyncio.timeout(LIST_TIMEOUT_S):
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
        response = await checked(lists[kind.plural](**options))
        body: dict[str, Any] = await response.json()
        return body

    async def _try_to_resync(self) -> bool:
        try:
            await self.resync()
        except API_TROUBLE as error:
            logger.warning("reading the cluster failed: %s", " ".join(str(error).split()) or type(error).__name__)
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
