"""The process kubelet's conversation with the API server: plain JSON objects over httpx.

Plain objects, since a pod must reach its process exactly as it was declared, whatever fields a client library's models
know; and httpx, since lines of a watch may be longer than the 64 KiB that aiohttp, under the Kubernetes client, reads.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

LOGGER = logging.getLogger(__name__)

Object = dict[str, Any]

REQUEST_TIMEOUT_S = 30.0
"""Seconds for one request that is no watch."""

WATCH_TIMEOUT_S = 300
"""Seconds after which the API server ends a watch, which is then made anew (client-go: 5 to 10 minutes)."""

RETRY_INTERVAL_S = 1.0
"""Seconds between attempts while the API server doesn't answer (client-go's reflector starts at 0.8 s)."""

STRATEGIC_MERGE = "application/strategic-merge-patch+json"

_NOT_FOUND = 404
_CONFLICT = 409


@dataclass(frozen=True, kw_only=True)
class Server:
    """The API server as a kubeconfig names it."""

    url: str
    authority: Path
    """The file with its certificate authority."""


class Cluster:
    """The API server, spoken to with the identity of a kubeconfig that names files (rehearsal.control_plane)."""

    def __init__(self, *, server: Server, context: ssl.SSLContext) -> None:
        self.server = server
        self._client = httpx.AsyncClient(
            base_url=server.url,
            verify=context,
            timeout=REQUEST_TIMEOUT_S,
            trust_env=False,  # no proxy of the user's stands between this machine and itself
            limits=httpx.Limits(max_connections=None),
        )

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        """Read the kubeconfig's one cluster and one user."""
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        authority = path.parent / cluster["certificate-authority"]
        return cls(server=Server(url=cluster["server"], authority=authority), context=context)

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def find(self, path: str) -> Object | None:
        """An object, or None where there is none; raise `httpx.HTTPError` for all else."""
        response = await self._client.get(path)
        if response.status_code == _NOT_FOUND:
            return None
        return _json(response)

    async def create(self, path: str, body: Object) -> Object:
        """Create an object (or a subresource such as a token)."""
        return _json(await self._client.post(path, json=body))

    async def patch_status(self, pod: Object, status: Object) -> None:
        """Merge into a pod's status; nothing when the pod is gone or another of its name is there."""
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        response = await self._client.patch(
            f"{pod_path(pod)}/status", content=json.dumps(body), headers={"Content-Type": STRATEGIC_MERGE}
        )
        if response.status_code not in (_NOT_FOUND, _CONFLICT):
            _json(response)

    async def remove_pod(self, pod: Object) -> None:
        """Delete a pod for good, as a kubelet does once its processes are gone."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        response = await self._client.request("DELETE", pod_path(pod), json=body)
        if response.status_code not in (_NOT_FOUND, _CONFLICT):
            _json(response)

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
            except (httpx.HTTPError, ValueError, _WatchExpiredError) as error:  # ValueError: a line was cut off
                LOGGER.info("watching %s: %r; listing it again", path, error)
                await asyncio.sleep(RETRY_INTERVAL_S)

    async def _list(self, collection: _Collection) -> str:
        """Tell of all that is there; return the version of the listing."""
        listing = _json(await self._client.get(collection.path, params={"labelSelector": collection.selector}))
        present = {item["metadata"]["uid"]: item for item in listing["items"]}
        for uid in collection.known - present.keys():
            collection.take(uid, None)
        for uid, item in present.items():
            collection.take(uid, item)
        version: str = listing["metadata"]["resourceVersion"]
        return version

    async def _watch(self, collection: _Collection, version: str) -> str:
        """One watch until the server ends it; return the last version seen."""
        parameters = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "labelSelector": collection.selector,
            "timeoutSeconds": str(WATCH_TIMEOUT_S),
        }
        timeout = httpx.Timeout(REQUEST_TIMEOUT_S, read=WATCH_TIMEOUT_S + REQUEST_TIMEOUT_S)
        async with self._client.stream("GET", collection.path, params=parameters, timeout=timeout) as response:
            if response.is_error:
                await response.aread()
                _json(response)
            async for line in response.aiter_lines():
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


def _json(response: httpx.Response) -> Object:
    """The answer, or an `httpx.HTTPStatusError` with the API server's own message."""
    if response.is_error:
        try:
            message = response.json().get("message", response.text)
        except ValueError:
            message = response.text
        raise httpx.HTTPStatusError(message, request=response.request, response=response)
    document: Object = response.json()
    return document
