"""kmock's Kubernetes with what the operator needs beyond it: revisions, watches from one, server-side apply, uids.

It admits everything and has no controllers: what those would make, a test puts there.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp.web
import attrs
from kmock import KubernetesEmulator, KubernetesError, Request, action, resource

APPLY = "application/apply-patch+yaml"

SERVED = {
    "v1/nodes": "Node",
    "v1/pods": "Pod",
    "v1/namespaces": "Namespace",
    "apiextensions.k8s.io/v1/customresourcedefinitions": "CustomResourceDefinition",
    "events.k8s.io/v1/events": "Event",
    "jobset.x-k8s.io/v1alpha2/jobsets": "JobSet",
    "kueue.x-k8s.io/v1beta2/workloads": "Workload",
    "rackwright.dev/v1alpha1/trainingjobs": "TrainingJob",
}
CLUSTER_WIDE = {"v1/nodes", "v1/namespaces", "apiextensions.k8s.io/v1/customresourcedefinitions"}

END_OF_WATCH = {"type": "END", "object": {}}

WRITING = {action.CREATE, action.UPDATE, action.DELETE}

PATIENCE_S = 20.0
"""Seconds until what a test waits for counts as not coming; it comes within milliseconds."""

Raw = dict[str, Any]
Where = tuple[resource, str | None, str]
"""An object's kind, namespace and name."""


def named(request: Request) -> Where:
    """The object that a request names."""
    assert request.resource is not None
    assert request.name is not None
    return request.resource, request.namespace, request.name


def plural_of(request: Request) -> str | None:
    """The kind of object that a request is about, or None."""
    return request.resource.plural if request.resource is not None else None


@attrs.define(kw_only=True)
class ApiServer(KubernetesEmulator):
    """An API server in the process."""

    _revisions: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1), init=False)
    _served: asyncio.Condition = attrs.field(factory=asyncio.Condition, init=False)
    before: Callable[[Request], None] | None = attrs.field(default=None, init=False)
    """Called with each request before anything is done: what it raises is the answer."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        for name, kind in SERVED.items():
            self.resources[name] = self.ResourceInfo(
                namespaced=name not in CLUSTER_WIDE, kind=kind, verbs={"list", "watch", "get", "patch", "delete"}
            )

    async def place(self, raw: Mapping[str, Any], *, silently: bool = False) -> None:
        """Make or replace an object, as somebody else than the operator; `silently`: without a watch event."""
        where, new = self._where(raw)
        async with self._lock:
            known = where in self.objects and not self.objects[where].deleted
            full = {**raw, "metadata": {"uid": f"uid-{raw['metadata']['name']}", "generation": 1, **raw["metadata"]}}
            full["metadata"]["resourceVersion"] = str(next(self._revisions))
            self.objects[where] = full
            if not silently:
                await self._buses[new].put({"type": "MODIFIED" if known else "ADDED", "object": full})

    async def remove(self, raw: Mapping[str, Any], *, silently: bool = False) -> None:
        """Delete an object, as somebody else than the operator."""
        where, new = self._where(raw)
        async with self._lock:
            last = dict(self.objects[where].raw)
            del self.objects[where]
            last["metadata"] = {**last["metadata"], "resourceVersion": str(next(self._revisions))}
            if not silently:
                await self._buses[new].put({"type": "DELETED", "object": last})

    async def announce(self, where: Where) -> None:
        """Tell the watches of an object as it is now."""
        await self._buses[where[0]].put({"type": "MODIFIED", "object": self.objects[where].raw})

    async def break_watches(self) -> None:
        """End all watches of all kinds."""
        for name in SERVED:
            await self._buses[resource(name)].put(END_OF_WATCH)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is asked when a request comes and when it was served."""
        async with asyncio.timeout(PATIENCE_S), self._served:
            await self._served.wait_for(holds)

    async def notify(self) -> None:
        """Have those who wait in `until` ask again."""
        async with self._served:
            self._served.notify_all()

    def find(self, plural: str, name: str, namespace: str = "team-a") -> Raw | None:
        """An object as it is now, or None."""
        where = (resource(next(each for each in SERVED if each.endswith(f"/{plural}"))), namespace, name)
        known = where in self.objects and not self.objects[where].deleted
        return dict(self.objects[where].raw) if known else None

    def writes(self, plural: str) -> list[Request]:
        """The requests so far that wrote objects of a kind."""
        return [
            each
            for each in self
            if each.action in WRITING and each.resource is not None and each.resource.plural == plural
        ]

    def _where(self, raw: Mapping[str, Any]) -> tuple[Where, resource]:
        name = next(each for each, kind in SERVED.items() if kind == raw["kind"])
        its = resource(name)
        return (its, raw["metadata"].get("namespace"), raw["metadata"]["name"]), its

    async def _handle(self, request: Request) -> aiohttp.web.StreamResponse:
        await self.notify()  # that it came: a watch is served for long
        try:
            if self.before is not None:
                self.before(request)
            if request.action in {action.CREATE, action.UPDATE}:
                request = self._with_revision(request)
            return await super()._handle(request)
        finally:
            await self.notify()

    def _with_revision(self, request: Request) -> Request:
        """What is to be merged into the object, given what is asked for."""
        data = dict(request.data)
        data["metadata"] = {**data.get("metadata", {}), "resourceVersion": str(next(self._revisions))}
        if request.headers.get("Content-Type") == APPLY:
            where = named(request)
            known = where in self.objects and not self.objects[where].deleted
            if known:
                old = self.objects[where].raw
                asked = request.data["metadata"].get("resourceVersion")
                if asked not in {None, old["metadata"]["resourceVersion"]}:
                    raise KubernetesError(status=409)
                if request.subresource == "status":  # its only manager: what it leaves out goes
                    data["status"] = {**dict.fromkeys(old.get("status", {})), **data["status"]}
            elif request.subresource is None:
                data["metadata"] = {"uid": f"uid-{request.name}", "generation": 1, **data["metadata"]}
                self.objects[where] = data
        completed = attrs.evolve(request, data=data)
        self._requests[self._requests.index(request)] = completed  # kmock answers those alone that it has on record
        return completed

    async def _serve_list(self, request: Request) -> Raw:
        served: Any = await super()._serve_list(request)
        name = next(each for each in SERVED if resource(each) == request.resource)
        version = name.rpartition("/")[0]
        return {
            "apiVersion": version,
            "kind": f"{SERVED[name]}List",
            "metadata": {"resourceVersion": str(next(self._revisions))},
            "items": [
                {key: each[key] for key in each if key not in {"apiVersion", "kind"}} for each in served["items"]
            ],
        }

    async def _serve_watch(self, request: Request) -> AsyncIterator[Raw | bytes]:
        yield b""
        assert request.resource is not None  # or it would be no watch
        bus = self._buses[request.resource]
        mark = await bus.mark()
        try:
            since = int(request.params.get("resourceVersion", 0))
            for (its, _, _), each in list(self.objects.items()):  # but for deletions, which no object tells of
                if (
                    its == request.resource
                    and not each.deleted
                    and int(each.raw["metadata"]["resourceVersion"]) > since
                ):
                    yield {"type": "MODIFIED", "object": each.raw}
            async for event in bus.stream(since=mark):
                if event is END_OF_WATCH:
                    return
                yield event
        finally:
            await bus.unmark(mark)
