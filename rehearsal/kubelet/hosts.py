"""The port of the hosts' kubelets: one local port for all of them, and for each host its own certificate.

The API server verifies a kubelet's certificate against the host's address, and TLS doesn't tell a server which
address is meant. So the egress proxy passes the API server's CONNECT request on; it names the host, and is answered
here, before TLS begins. A host's certificate is issued when it is first asked for; a real kubelet gets one by a
CertificateSigningRequest. Clients must have a certificate of the rehearsal's authority.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address

from rehearsal.kubelet.addresses import LOOPBACK
from rehearsal.pki import KUBELET_AUTHORITY, Authority
from rehearsal.state import StateDirectory

LOGGER = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
"""Seconds for a client to say which host it means, and for the TLS handshake."""

LONGEST_REQUEST_BYTES = 4096
"""Bytes of a CONNECT request; the API server's has a Host header alone."""

_REQUEST = re.compile(rb"CONNECT \[?(?P<host>[0-9a-fA-F.:]+)\]?:\d{1,5} HTTP/1\.[01]\r\n")


class HostPort:
    """Accepts connections to any host's kubelet."""

    def __init__(self, state: StateDirectory, protocol: Callable[[], asyncio.Protocol]) -> None:
        """`protocol` makes what serves a connection once it is secure."""
        self._pki = state.pki
        self._authority = Authority.existing(state.pki, KUBELET_AUTHORITY)
        self._protocol = protocol
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._socket = socket.create_server((LOOPBACK, 0))
        self._socket.settimeout(0)  # non-blocking, for asyncio

    @property
    def number(self) -> int:
        """The local port."""
        port: int = self._socket.getsockname()[1]
        return port

    async def serve(self) -> None:
        """Accept connections for ever."""
        loop = asyncio.get_running_loop()
        with self._socket:
            while True:
                connection, _ = await loop.sock_accept(self._socket)
                task = asyncio.create_task(self._secure(connection))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)

    async def _secure(self, connection: socket.socket) -> None:
        """Answer the CONNECT request, then begin TLS as the host that it names."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                host = await _asked_host(connection)
                if host is None:
                    connection.close()
                    return
                await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol, connection, ssl=self._context(host), ssl_handshake_timeout=CONNECT_TIMEOUT_S
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            LOGGER.info("a connection to a host's kubelet didn't come about: %r", error)
            connection.close()

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            pair = self._authority.issue_server(f"kubelet-{host.replace(':', '-')}", [host])
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self._pki / "ca.crt"))
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_cert_chain(pair.certificate, pair.key)
            self._contexts[host] = context
        return self._contexts[host]


async def _asked_host(connection: socket.socket) -> str | None:
    """The address in a CONNECT request; None for anything else."""
    header = b""
    while not header.endswith(b"\r\n\r\n"):  # a client says no more until it is answered
        received = await asyncio.get_running_loop().sock_recv(connection, LONGEST_REQUEST_BYTES)
        header += received
        if not received or len(header) > LONGEST_REQUEST_BYTES:
            return None
    request = _REQUEST.match(header)
    if request is None:
        return None
    try:
        return str(ip_address(request["host"].decode()))
    except ValueError:
        return None
