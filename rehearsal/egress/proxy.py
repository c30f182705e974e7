"""An HTTP CONNECT proxy on a Unix socket, for kube-apiserver's egress selector.

The API server opens one connection for each tunnel and sends `CONNECT host:port` with a Host header alone
(k8s.io/apiserver v0.36.3, pkg/server/egressselector/egress_selector.go, tunnelHTTPConnect). What goes through: webhooks
and CRD conversions that name a service, aggregated APIs, and the kubelets' own ports (logs, exec). The tunnel carries
TLS that the API server verifies against the name it meant, so the proxy can neither read nor fake anything. Of a
refusal the API server shows the status line, so that is where the reason goes.
"""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path

from rehearsal.egress import routes

LOGGER = logging.getLogger(__name__)

HEADER_TIMEOUT_S = 10.0
"""Seconds for a client to send its whole request."""

CHUNK_BYTES = 65536
"""Bytes that are passed on at once (asyncio's default buffer limit)."""

_REQUEST = re.compile(rb"CONNECT ([^\s]+:\d{1,5}) HTTP/1\.[01]\r\n")


class Proxy:
    """Serves the socket; each tunnel looks into the table anew, so it always leads to the living process."""

    def __init__(self, *, socket: Path, table: Path) -> None:
        self._socket = socket
        self._table = table
        self._last_refusal = ""

    async def start(self) -> asyncio.Server:
        """Listen on the socket, in the place of one that an earlier proxy left, for its owner alone."""
        self._socket.unlink(missing_ok=True)
        # Made under another name and moved: between bind and chmod the socket has the umask's mode.
        unfinished = self._socket.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path=unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(self._socket)
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._tunnel(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            LOGGER.debug("a tunnel ended early: %s", error)
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEADER_TIMEOUT_S):
            header = await reader.readuntil(b"\r\n\r\n")
        request = _REQUEST.match(header)
        if request is None:
            await self._refuse(writer, 400, "only CONNECT host:port is served here")
            return
        target = request.group(1).decode("ascii", errors="replace")
        try:
            route = routes.resolve(routes.read(self._table), target)
        except routes.NoRouteError as error:
            await self._refuse(writer, 502, str(error))
            return
        try:
            # The first of several: all run on one machine anyway.
            from_process, to_process = await asyncio.open_connection("127.0.0.1", route.local_ports[0])
        except OSError as error:
            await self._refuse(writer, 502, f"the process behind {target} doesn't accept connections: {error}")
            return
        try:
            if route.wants_target:
                to_process.write(header)
            else:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pass_on(reader, to_process), _pass_on(from_process, writer))
        finally:
            to_process.close()

    async def _refuse(self, writer: asyncio.StreamWriter, status: int, reason: str) -> None:
        if reason != self._last_refusal:  # the API server asks again and again, many times a second
            LOGGER.warning("refused: %s", reason)
            self._last_refusal = reason
        text = re.sub(r"[^\x20-\x7e]", " ", reason)
        writer.write(f"HTTP/1.1 {status} {text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until the sender ends, then tell the receiver so."""
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:  # a ConnectionError, or the other end is gone and can't be told that this one ended
        writer.close()  # ends the other direction too
