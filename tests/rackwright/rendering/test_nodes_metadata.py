"""The joining script against a metadata service on loopback."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest

from rackwright.rendering.templates import templates_directory

pytestmark = pytest.mark.mocked

METADATA = {"customerLocalBlock": "ocid1.computelocalblock.oc1.iad.anuwclj4tjxbt4s6ua"}


@pytest.fixture(scope="module")
def join() -> ModuleType:
    """The script that hosts run."""
    found = importlib.util.spec_from_file_location("join", templates_directory() / "nodes" / "join.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", ["/host/rdmaTopologyData", "/host"])
def test_the_place_is_read_from_either_document_of_the_metadata_service(join: ModuleType, path: str) -> None:
    documents = {"/host/rdmaTopologyData": METADATA, "/host": {"rdmaTopologyData": METADATA}}
    with metadata_service({path: documents[path]}) as service:
        assert join.read_topology(service) == METADATA


def test_a_service_without_the_documents_gives_nothing(join: ModuleType) -> None:
    with metadata_service({}) as service:
        assert join.read_topology(service) == {}


@contextmanager
def metadata_service(documents: dict[str, Any]) -> Iterator[str]:
    """A metadata service on loopback that, as Oracle's, answers only to its header."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in documents and self.headers["Authorization"] == "Bearer Oracle"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(documents[self.path] if known else "no").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the tests' output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
