"""A provider's end of the protocol, spoken to as the engine does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.providers import serving
from rehearsal.providers.model import Provider

Connect = Callable[[Provider], AbstractContextManager[provider_pb2_grpc.ResourceProviderStub]]


@pytest.fixture
def connect() -> Connect:
    """Serve a provider in this process and connect to it."""

    @contextmanager
    def connected(provider: Provider) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
        server, port = serving.start(provider)
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            server.stop(None).wait()

    return connected
