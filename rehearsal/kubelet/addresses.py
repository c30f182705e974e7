"""Mapping what a container would listen on to free ports of this machine."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping

LOOPBACK = "127.0.0.1"

_LISTEN_ADDRESS = re.compile(
    r"""
    (?P<scheme> [a-z][a-z0-9+.-]*:// )?
    (?: 0\.0\.0\.0 | \[::\] )?
    : (?P<port> \d{1,5} )
    (?P<path> /.* )?
    """,
    re.VERBOSE,
)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now. Taken by another a moment later, the process fails and starts anew."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


class LocalPorts:
    """The local ports of one run of a container: each of its own ports gets one when it is first asked for."""

    def __init__(self, allocate: Callable[[], int] = free_port) -> None:
        self._allocate = allocate
        self._ports: dict[int, int] = {}

    def local(self, port: int) -> int:
        """The local port that stands for a port of the container."""
        if port not in self._ports:
            self._ports[port] = self._allocate()
        return self._ports[port]

    def assign(self, port: int, local: int) -> None:
        """Say which local port stands for a port of the container that another process answers."""
        self._ports[port] = local

    def by_container_port(self) -> Mapping[int, int]:
        """All that were asked for: container port to local port."""
        return dict(self._ports)


def map_listen_address(text: str, ports: LocalPorts) -> str:
    """A listen address on all interfaces (`:8081`, `0.0.0.0:8081`, `http://0.0.0.0:8081/healthz`), moved here.

    Anything else is returned as it is, an address on port 0 (any free one) or on one interface included.
    """
    match = _LISTEN_ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) == 0:
        return text
    return f"{match['scheme'] or ''}{LOOPBACK}:{ports.local(int(match['port']))}{match['path'] or ''}"


def map_argument(text: str, ports: LocalPorts) -> str:
    """A command-line argument, `VALUE` or `--flag=VALUE`, with its listen address moved here."""
    flag, separator, value = text.partition("=")
    if separator and flag.startswith("-"):
        return flag + separator + map_listen_address(value, ports)
    return map_listen_address(text, ports)
