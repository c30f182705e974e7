"""The process kubelet's conversation with the API server: what it looks for, follows and writes.

Plain JSON objects, since a pod must reach its process exactly as it was declared, whatever fields a client library's
models know.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from rehearsal.api_server import Answer, ApiServerError, AsyncConnection, Object

LOGGER = logging.getLogger(__name__)

WATCH_TIMEOUT_S = 300
"""Seconds after which the API server ends a watch, which is then made anew (client-go: 5 to 10 minutes)."""

WATCH_SILENCE_S = WATCH_TIMEOUT_S + 30.0
"""Seconds of silence after which a watch counts as dead: the API server should have ended it by then."""

RETRY_INTERVAL_S = 1.0
"""Seconds between attempts while the API server doesn't answer (client-go's reflector starts at 0.8 s)."""

STRATEGIC_MERGE = "application/strategic-merge-patch+json"

GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
"""What a write to a pod is answered when the pod is gone, or another of its name is there."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The API server as a kubeconfig names it."""

    url: str
    authority: Path
    """The file with its certificate authority."""


class Cluster:
    """The API server; what it refuses or doesn't answer is an `ApiServerError`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.server = Server(url=connection.url, authority=connection.authority)

    async def find(self, path: str) -> Object | None:
        """An object, or None where there is none."""
        answer = await self._connection.request("GET", path)
        return None if answer.status == HTTPStatus.NOT_FOUND else answer.accepted()

    async def create(self, path: str, body: Object) -> Object:
        """Create an object (or a subresource such as a token)."""
        return (await self._connection.request("POST", path, body=body)).accepted()

    async def patch_status(self, pod: Object, status: Object) -> None:
        """Merge into a pod's status; nothing when the pod is gone or another of its name is there."""
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        path = f"{pod_path(pod)}/status"
        _accepted_or_gone(await self._connection.request("PATCH", path, body=body, content_type=STRATEGIC_MERGE))

    async def remove_pod(self, pod: Object) -> None:
        """Delete a pod for good, as a kubelet does once its processes are gone."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        _accepted_or_gone(await self._connection.request("DELETE", pod_path(pod), body=body))

    async def follow(
        self,
        path: str,
        *,
        changed: Callable[[str, Object | None], None],
        selector: str = "",
        wanted: Callable[[Object], bool] = lambda _: True,
    ) -> None:
        """Keep telling of a collection's objects, for ever: `changed(uid, object)`, None for one that is gone.

        Level-triggered: after a gap everything is listed again, and what went in the gap is told of as gone.
        """
        collection = _Collection(path=path, selector=selector, changed=changed, wanted=wanted)
        while True:
            try:
                version = await self._list(collection)
                while True:
                    version = await self._watch(collection, version)
            except (ApiServerError, ValueError, _WatchExpiredError) as error:  # ValueError: a line was cut off
                LOGGER.info("watching %s: %r; listing it again", path, error)
                await asyncio.sleep(RETRY_INTERVAL_S)

    async def _list(self, collection: _Collection) -> str:
        """Tell of all that is there; return the version of the listing."""
        query = {"labelSelector": collection.selector}
        listing = (await self._connection.request("GET", collection.path, query=query)).accepted()
        present = {item["metadata"]["uid"]: item for item in listing["items"]}
        for uid in collection.known - present.keys():
            collection.take(uid, None)
        for uid, item in present.items():
            collection.take(uid, item)
        version: str = listing["metadata"]["resourceVersion"]
        return version

    async def _watch(self, collection: _Collection, version: str) -> str:
        """One watch until the server ends it; return the last version seen."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "labelSelector": collection.selector,
            "timeoutSeconds": str(WATCH_TIMEOUT_S),
        }
        async with aclosing(self._connection.lines(collection.path, query=query, silence_s=WATCH_SILENCE_S)) as lines:
            async for line in lines:
                event = json.loads(line)
                item = event["object"]
                if event["type"] == "ERROR":
                    raise _WatchExpiredError(item.get("message", "the watch failed"))
                version = item["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    collection.take(item["metadata"]["uid"], None if event["type"] == "DELETED" else item)
        return version


@dataclass(kw_only=True)
class _Collection:
    """What is followed, and what of it was told."""

    path: str
    selector: str
    changed: Callable[[str, Object | None], None]
    wanted: Callable[[Object], bool]
    known: set[str] = field(default_factory=set)

    def take(self, uid: str, item: Object | None) -> None:
        """Tell of an object if it is wanted, and of its end if it was told of before."""
        if item is not None and self.wanted(item):
            self.known.add(uid)
            self.changed(uid, item)
        elif uid in self.known:
            self.known.remove(uid)
            self.changed(uid, None)


class _WatchExpiredError(Exception):
    """The API server ended a watch with an error, most often since its version is too old."""


def pod_path(pod: Object) -> str:
    """A pod's path in the API."""
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _accepted_or_gone(answer: Answer) -> None:
    if answer.status not in GONE:
        answer.accepted()
