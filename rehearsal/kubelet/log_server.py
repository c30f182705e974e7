"""The hosts' kubelet API, as far as it is there: `GET /containerLogs/NAMESPACE/POD/CONTAINER`.

As in a kubelet, who asks is known by the client certificate, and whether it may is asked of the API server
(SubjectAccessReview for `nodes/proxy` of the pod's node; pkg/kubelet/server/auth.go). It serves the logs of processes
and those that the simulated trainer writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from rehearsal.api_server import ApiServerError, Object
from rehearsal.kubelet.cluster import Cluster
from rehearsal.kubelet.hosts import HostPort
from rehearsal.kubelet.logs import LogOptions, LogReader, NoLogError, log_file, same_run
from rehearsal.state import StateDirectory

LOGGER = logging.getLogger(__name__)

LOOK_INTERVAL_S = 0.25
"""Seconds between two looks at the end of a log that is followed."""

LOOKS_PER_STATUS = 4
"""Looks at a log for each look at its container's status."""

AUTHENTICATED = "system:authenticated"
"""The group of every user with a valid certificate."""


class LogServer:
    """Answers for the kubelets of all hosts."""

    def __init__(self, cluster: Cluster, state: StateDirectory) -> None:
        self._cluster = cluster
        self._state = state
        self._server = web.Server(self._handle, access_log=None)
        self.port = HostPort(state, self._server)

    async def serve(self) -> None:
        """Serve for ever."""
        try:
            await self.port.serve()
        finally:
            await self._server.shutdown(0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or len(parts) != len(("containerLogs", "namespace", "pod", "container")):
            return _unserved(request)
        kind, namespace, name, container = parts
        if kind != "containerLogs":
            return _unserved(request)
        try:
            return await self._answer(request, namespace=namespace, name=name, container=container)
        except ApiServerError as error:
            LOGGER.warning("the log of pod %s/%s: %r", namespace, name, error)
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"the API server can't be asked about the pod: {error}")

    async def _answer(
        self, request: web.BaseRequest, *, namespace: str, name: str, container: str
    ) -> web.StreamResponse:
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        pod = await self._cluster.find(path)
        node = pod["spec"].get("nodeName", "") if pod is not None else ""
        user = _user(request)
        if not await self._may_read(user, node):
            denied = f"Forbidden (user={user['user']}, verb=get, resource=nodes, subresource(s)=[proxy])"
            return _refusal(HTTPStatus.FORBIDDEN, denied)
        if pod is None or not await self._stands_on(node, request):
            return _refusal(HTTPStatus.NOT_FOUND, f'pod "{name}" does not exist')
        if container not in {each["name"] for each in pod["spec"]["containers"]}:
            return _refusal(HTTPStatus.NOT_FOUND, f'container "{container}" not found in pod "{name}"')
        try:
            options = LogOptions.model_validate(dict(request.query))
            file = log_file(self._state, pod, container, previous=options.previous)
        except ValidationError as error:
            fields = ", ".join(str(problem["loc"][0]) for problem in error.errors())
            text = f"a rehearsal's logs can't be chosen by {fields}: their lines' times aren't kept"
            return _refusal(HTTPStatus.BAD_REQUEST, text)
        except NoLogError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        return await self._send(request, LogReader(file, options), pod=pod, path=path, container=container)

    async def _send(
        self, request: web.BaseRequest, reader: LogReader, *, pod: Object, path: str, container: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        following = request.query.get("follow") == "true" and request.query.get("previous") != "true"
        try:
            await _pass_on(reader, response)
            looks = 0
            while following and not reader.full and not _left(request):
                # The status first: what a run wrote before its end is read after the end was seen.
                if looks % LOOKS_PER_STATUS == 0:
                    following = same_run(pod, await self._cluster.find(path), container)
                await _pass_on(reader, response)
                if following:
                    await asyncio.sleep(LOOK_INTERVAL_S)
                looks += 1
            await response.write_eof()
        except (ConnectionError, ApiServerError) as error:
            LOGGER.info("%s: the log ends early: %r", path, error)
        finally:
            reader.close()
        return response

    async def _stands_on(self, node: str, request: web.BaseRequest) -> bool:
        """Whether a node is the host that was connected to: its certificate's address is the node's."""
        found = await self._cluster.find(f"/api/v1/nodes/{node}")
        addresses = (found or {}).get("status", {}).get("addresses", [])
        return _host(request) in {each["address"] for each in addresses if each["type"] == "InternalIP"}

    async def _may_read(self, user: Mapping[str, object], node: str) -> bool:
        attributes = {"verb": "get", "version": "v1", "resource": "nodes", "subresource": "proxy", "name": node}
        review = await self._cluster.create(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {**user, "resourceAttributes": attributes},
            },
        )
        return bool(review["status"]["allowed"])


async def _pass_on(reader: LogReader, response: web.StreamResponse) -> None:
    while block := reader.read():
        await response.write(block)


def _left(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _host(request: web.BaseRequest) -> str:
    """The address that the client meant, which it also verifies: HTTP's Host."""
    return request.host.rpartition(":")[0].strip("[]")


def _user(request: web.BaseRequest) -> dict[str, object]:
    """Who asks, by the verified client certificate: its common name, and its organisations as groups."""
    certificate = request.get_extra_info("peercert") or {}
    names = [pair for part in certificate.get("subject", ()) for pair in part]
    user = next((value for key, value in names if key == "commonName"), "")
    groups = [value for key, value in names if key == "organizationName"]
    return {"user": user, "groups": [*groups, AUTHENTICATED]}


def _unserved(request: web.BaseRequest) -> web.Response:
    return _refusal(
        HTTPStatus.NOT_FOUND, f"a rehearsal's kubelets serve logs alone, not {request.method} {request.path}"
    )


def _refusal(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=text)
