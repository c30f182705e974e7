"""Messages to the engine, which shows them beside the resource that they are about."""

from __future__ import annotations

import logging

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_log = logging.getLogger(__name__)


class EngineLog:
    """The engine's log service at an address; without one, messages go to Python's log."""

    def __init__(self, address: str | None) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None

    def tell(self, urn: str, message: str) -> None:
        """Show a passing message; a message that can't be delivered is no reason to fail."""
        if self._stub is None:
            _log.info("%s: %s", urn, message)
            return
        try:
            self._stub.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=True))
        except grpc.RpcError as error:
            _log.warning("the engine took no message for %s: %s", urn, error)
