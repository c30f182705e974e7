"""The proxy tunnels to local ports and says in the status line why it doesn't."""

from __future__ import annotations

import asyncio
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rehearsal.egress.proxy import Proxy
from rehearsal.egress.routes import EVERY_HOST, Route, write

pytestmark = [pytest.mark.mocked, pytest.mark.asyncio]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with all that came, in capitals, once the sender ended."""
    writer.write((await reader.read()).upper())
    await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(routes: dict[str, int | None]) -> AsyncIterator[Path]:
    """A proxy with these targets and local ports; yields its socket."""
    with tempfile.TemporaryDirectory() as directory:
        table, socket = Path(directory) / "table.json", Path(directory) / "s"
        write(
            table,
            {
                target: Route(description="service x", local_ports=() if port is None else (port,))
                for target, port in routes.items()
            },
        )
        async with await Proxy(socket=socket, table=table).start():
            yield socket


async def ask(socket: Path, request: bytes, payload: bytes = b"") -> tuple[str, bytes]:
    """The status line and the rest of what comes back."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(payload)
    writer.write_eof()
    rest = await reader.read()
    writer.close()
    return head.split(b"\r\n")[0].decode(), rest


def connect(target: str) -> bytes:
    """The request as kube-apiserver sends it."""
    return f"CONNECT {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def test_a_tunnel_passes_bytes_both_ways() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with serving({"10.96.0.9:443": port}) as socket:
            payload = b"abc" * 100_000
            assert await ask(socket, connect("10.96.0.9:443"), payload) == ("HTTP/1.1 200 OK", payload.upper())


async def test_a_process_that_stands_for_many_hosts_gets_the_request_itself() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory() as directory:
            table, socket = Path(directory) / "table.json", Path(directory) / "s"
            write(table, {EVERY_HOST: Route(description="kubelets", local_ports=(port,), wants_target=True)})
            async with await Proxy(socket=socket, table=table).start():
                reader, writer = await asyncio.open_unix_connection(socket)
                writer.write(connect("10.0.1.5:10250"))
                writer.write_eof()
                assert (await reader.read()).startswith(b"CONNECT 10.0.1.5:10250 HTTP/1.1")
                writer.close()


async def test_refusals_give_their_reason_in_the_status_line() -> None:
    async with serving({"10.96.0.8:443": None}) as socket:
        status, _ = await ask(socket, connect("10.96.0.8:443"))
        assert status.startswith("HTTP/1.1 502 service x (10.96.0.8:443) has no ready pod")
        status, _ = await ask(socket, connect("10.96.0.7:443"))
        assert status == "HTTP/1.1 502 no service or pod of the rehearsal has the address 10.96.0.7:443"
        status, _ = await ask(socket, b"GET / HTTP/1.1\r\n\r\n")
        assert status.startswith("HTTP/1.1 400 ")


async def test_a_dead_process_is_told_from_an_unknown_service() -> None:
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    async with serving({"10.96.0.9:443": port}) as socket:
        status, _ = await ask(socket, connect("10.96.0.9:443"))
        assert "10.96.0.9:443 doesn't accept connections" in status


async def test_the_socket_is_its_owners_alone_and_replaces_a_stale_one() -> None:
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "s"
        socket.touch(mode=0o666)
        async with await Proxy(socket=socket, table=Path(directory) / "t").start():
            assert stat.S_ISSOCK(socket.stat().st_mode)
            assert stat.S_IMODE(socket.stat().st_mode) == 0o600
