"""A port of this machine that leads to the API server as far as the simulated network leads there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

LOGGER = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

CHUNK_BYTES = 65536
"""Bytes that are passed on at once (asyncio's default buffer limit)."""

Refusal = Callable[[], str | None]
"""Why a connection that comes now would get nowhere; None when it gets there."""


async def serve(port: int, *, target: int, refusal: Refusal) -> asyncio.Server:
    """Listen on a port of this machine and pass connections on to another, each as it is allowed at its beginning.

    Oracle drops the packets of others, so that a connection never comes about; here it ends without a byte.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if reason := refusal():
                LOGGER.warning("dropped: %s", reason)
                return
            from_target, to_target = await asyncio.open_connection(LOOPBACK, target)
            try:
                await asyncio.gather(_pass_on(reader, to_target), _pass_on(from_target, writer))
            finally:
                to_target.close()
        except OSError as error:
            LOGGER.debug("a connection ended early: %s", error)
        finally:
            writer.close()

    return await asyncio.start_server(connected, LOOPBACK, port)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until the sender ends, then tell the receiver so."""
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:  # the other end is gone and can't be told that this one ended
        writer.close()
