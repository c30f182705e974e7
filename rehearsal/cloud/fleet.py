"""The fleet: the nodes of simulated hosts on the rehearsal's real API server, which KWOK then keeps alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from rehearsal.api_server import Answer, AsyncConnection, Object, UnreachableError
from rehearsal.api_server.answers import CONNECTIONS
from rehearsal.cloud.errors import OracleError, conflict, incorrect_state

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
        async with await AsyncConnection.open(self._kubeconfig) as connection:
            await work(_Server(connection))

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
    """The API server, and what it refuses as Oracle would say it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def make_node(self, node: Object) -> None:
        name = node["metadata"]["name"]
        answer = await self._connection.request("POST", "/api/v1/nodes", body=node)
        if answer.status == HTTPStatus.CONFLICT:
            there = await self._connection.request("GET", f"/api/v1/nodes/{name}")
            owner = there.body.get("spec", {}).get("providerID")
            if owner != node["spec"]["providerID"]:
                raise conflict(f"the node {name} is there already, of another host ({owner})")
        elif answer.refused:
            raise _refused(f"the node {name} can't join", answer)

    async def delete(self, path: str, options: Object | None = None) -> None:
        answer = await self._connection.request("DELETE", path, body=options)
        if answer.refused and answer.status != HTTPStatus.NOT_FOUND:
            raise _refused(f"{path} can't be deleted", answer)

    async def pods_on(self, nodes: frozenset[str]) -> list[str]:
        """The paths of all pods on any of these nodes."""
        found: list[str] = []
        query = {"limit": str(PAGE)}
        while True:
            answer = await self._connection.request("GET", "/api/v1/pods", query=query)
            if answer.refused:
                raise _refused("the pods of leaving hosts can't be listed", answer)
            found += [
                f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
                for pod in answer.body["items"]
                if pod["spec"].get("nodeName") in nodes
            ]
            if not (token := answer.body["metadata"].get("continue")):
                return found
            query["continue"] = token


def _explained(error: Exception) -> Exception:
    return incorrect_state(str(error)) if isinstance(error, UnreachableError) else error


def _refused(what: str, answer: Answer) -> OracleError:
    return OracleError(answer.status, str(answer.body.get("reason")), f"{what}: {answer.message}")
