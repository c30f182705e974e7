"""Aggregated APIs whose own servers can't run here: discoverable, and without resources.

The pod's port answers, but with an empty list of resources, and to all else with a refusal that says why.
Without an answer the API server calls its whole discovery incomplete, and no namespace can then be deleted.
"""

from __future__ import annotations

import ssl
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from rehearsal.api_server import Object
from rehearsal.kubelet.addresses import LOOPBACK


def resource_list(group_version: str) -> Object:
    """A version's discovery document that lists nothing."""
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": []}


def refusal(path: str) -> Object:
    """The answer to any other request."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "NotFound",
        "code": HTTPStatus.NOT_FOUND.value,
        "message": f"{path} is not served in a rehearsal: its server's address is fixed in the program",
    }


async def serve(*, certificate: Path, key: Path) -> int:
    """Serve for as long as the event loop runs, with this certificate; return the local port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    application = web.Application()
    application.router.add_get("/apis/{group}/{version}", _answer_discovery)
    application.router.add_route("*", "/{path:.*}", _refuse)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0, ssl_context=context)
    await site.start()
    port: int = runner.addresses[0][1]
    return port


async def _answer_discovery(request: web.Request) -> web.Response:
    return web.json_response(resource_list(f"{request.match_info['group']}/{request.match_info['version']}"))


async def _refuse(request: web.Request) -> web.Response:
    return web.json_response(refusal(request.path), status=HTTPStatus.NOT_FOUND)
