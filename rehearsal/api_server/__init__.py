"""Speaking to an API server in plain JSON: blocking or not, over the official client's connections.

Without the client's models: they would drop fields that they don't know, and reading 12,500 nodes into them would take
longer than making the nodes. Only what reads a few objects of known kinds uses them (`connect`).
"""

from rehearsal.api_server.answers import JSON, Answer, ApiServerError, Object, RefusedError, UnreachableError
from rehearsal.api_server.async_connection import AsyncConnection
from rehearsal.api_server.connection import Connection, connect

__all__ = [
    "JSON",
    "Answer",
    "ApiServerError",
    "AsyncConnection",
    "Connection",
    "Object",
    "RefusedError",
    "UnreachableError",
    "connect",
]
