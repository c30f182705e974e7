"""Running a provider as the engine runs a plugin: a process that prints its port and serves until it is stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.providers.model import Provider
from rehearsal.providers.servicer import Servicer

THREADS = 256
"""Requests served at once: more than the engine sends (`--parallel`, by default four for each core)."""

MESSAGE_LIMIT_BYTES = 400 * 1024 * 1024
"""Bytes in one message; what the engine and its SDKs allow (pulumi sdk/python, _grpc_settings.py)."""

STOP_GRACE_S = 2.0
"""Seconds that requests under way get to end when the process is told to stop."""


PARENT_CHECK_S = 1.0
"""Seconds between two looks at whether the engine is still there."""


def start(provider: Provider, *, engine_address: str | None = None) -> tuple[grpc.Server, int]:
    """Serve a provider on a free port of 127.0.0.1; return the server and the port."""
    return _started(Servicer(provider, engine_address=engine_address))


def _started(servicer: Servicer) -> tuple[grpc.Server, int]:
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix=servicer.provider.name),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT_BYTES),
            ("grpc.max_send_message_length", MESSAGE_LIMIT_BYTES),
            ("grpc.so_reuseport", 0),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(provider: Provider, *, engine_address: str | None = None) -> None:
    """Serve a provider until SIGTERM or SIGINT, or until the engine that started it is gone.

    The port goes to standard output, where the engine reads it.
    """
    parent = os.getppid()
    servicer = Servicer(provider, engine_address=engine_address)
    server, port = _started(servicer)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not stopping.wait(PARENT_CHECK_S):
        if engine_address is not None and os.getppid() != parent:
            break  # the engine died without a word, so this process got another parent
    servicer.cancel()
    server.stop(STOP_GRACE_S).wait()
