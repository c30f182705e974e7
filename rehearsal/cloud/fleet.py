"""The fleet: the nodes of simulated hosts on the rehearsal's real API server, which KWOK then keeps alive.

Requests are made with the official client's connections but without its models: reading 12,500 nodes into models
would take longer than making them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client, config

from rehearsal.cloud.errors import OracleError, conflict, incorrect_state

CONNECTIONS = 64
"""Requests to the API server at once: with as many, 12,500 nodes are made in 13 s on two cores (measured)."""

REPORT_EVERY = 250
"""Hosts between two messages of progress."""

PAGE = 500
"""Pods in one page of a list (kubectl's own size)."""

FORCED = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
"""Deletes a pod without waiting for a kubelet to end it."""


class Fleet:
    """Makes and deletes nodes as the user `rackwright:fleet`."""

    def __init__(self, kubeconfig: Path, *, announce: Callable[[str], None] = lambda _: None) -> None:
        """Take the kubeconfig, and whom to tell of progress."""
        self._kubeconfig = kubeconfig
        self._announce = announce

    def join(self, nodes: Sequence[dict[str, Any]]) -> None:
        """Make nodes. One that is there already, of the same host, is left as it is.

        Raise `OracleError` when the name belongs to another host's node; the nodes that were made stay.
        """
        if nodes:
            self._run(lambda server: self._join(server, nodes))

    def leave(self, names: Sequence[str]) -> None:
        """Delete nodes and, by force, the pods on them: no kubelet is left to end them. Absent nodes are fine."""
        if names:
            self._run(lambda server: self._leave(server, names))

    def _run(self, work: Callable[[_Server], Awaitable[None]]) -> None:
        # Unlike `asyncio.run`, this leaves the thread's own event loop alone.
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(self._connected(work))

    async def _connected(self, work: Callable[[_Server], Awaitable[None]]) -> None:
        if not self._kubeconfig.exists():
            raise incorrect_state(
                f"there is no cluster for hosts to join: {self._kubeconfig} is missing; start the control plane"
            )
        configuration = client.Configuration()
        await config.load_kube_config(  # type: ignore[no-untyped-call]  # the client's configuration isn't annotated
            config_file=str(self._kubeconfig), client_configuration=configuration
        )
        configuration.connection_pool_maxsize = CONNECTIONS
        async with client.ApiClient(configuration) as api:
            await work(_Server(api))

    async def _join(self, server: _Server, nodes: Sequence[dict[str, Any]]) -> None:
        await self._each(nodes, server.make_node, "hosts joined")

    async def _leave(self, server: _Server, names: Sequence[str]) -> None:
        await self._each(names, lambda name: server.delete(f"/api/v1/nodes/{name}"), "hosts left")
        pods = await server.pods_on(frozenset(names))
        await self._each(pods, lambda path: server.delete(path, FORCED), "of their pods removed")

    async def _each(self, items: Sequence[Any], work: Callable[[Any], Awaitable[None]], what: str) -> None:
        """Do work for all items, `CONNECTIONS` at a time; the first failure ends it."""
        done, remaining = 0, iter(items)

        async def worker() -> None:
            nonlocal done
            for item in remaining:
                await work(item)
                done += 1
                if done % REPORT_EVERY == 0:
                    self._announce(f"{done:,} of {len(items):,} {what}")

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(CONNECTIONS, len(items))):
                    group.create_task(worker())
        except ExceptionGroup as failures:  # the task group's: the first is the cause, the rest follow from it
            raise _explained(failures.exceptions[0]) from failures


class _Server:
    """The API server, asked in JSON."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    async def make_node(self, node: dict[str, Any]) -> None:
        name = node["metadata"]["name"]
        status, answer = await self._ask("POST", "/api/v1/nodes", node)
        if status == HTTPStatus.CONFLICT:
            _, there = await self._ask("GET", f"/api/v1/nodes/{name}")
            owner = there.get("spec", {}).get("providerID")
            if owner != node["spec"]["providerID"]:
                raise conflict(f"the node {name} is there already, of another host ({owner})")
        elif status != HTTPStatus.CREATED:
            raise _refused(f"the node {name} can't join", status, answer)

    async def delete(self, path: str, options: dict[str, Any] | None = None) -> None:
        status, answer = await self._ask("DELETE", path, options)
        if status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND):
            raise _refused(f"{path} can't be deleted", status, answer)

    async def pods_on(self, nodes: frozenset[str]) -> list[str]:
        """The paths of all pods on any of these nodes."""
        found: list[str] = []
        query: dict[str, str | int] = {"limit": PAGE}
        while True:
            status, page = await self._ask("GET", f"/api/v1/pods?{urlencode(query)}")
            if status != HTTPStatus.OK:
                raise _refused("the pods of leaving hosts can't be listed", status, page)
            found += [
                f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
                for pod in page["items"]
                if pod["spec"].get("nodeName") in nodes
            ]
            if not (token := page["metadata"].get("continue")):
                return found
            query["continue"] = token

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        headers = {**self._api.default_headers, "Accept": "application/json", "Content-Type": "application/json"}
        response = await self._api.call_api(method, f"{self._api.configuration.host}{path}", headers, body)
        content = await response.read()  # type: ignore[no-untyped-call]  # the client's method isn't annotated
        return response.status, json.loads(content)


def _explained(error: Exception) -> Exception:
    if isinstance(error, aiohttp.ClientError):
        return incorrect_state(f"the cluster's API server doesn't answer: {error}")
    return error


def _refused(what: str, status: int, answer: dict[str, Any]) -> OracleError:
    return OracleError(status, str(answer.get("reason")), f"{what}: {answer.get('message')}")
