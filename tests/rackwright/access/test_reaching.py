"""Whether a cluster's API answers, asked of real TLS servers on this machine."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from rackwright.access import unreachable
from rehearsal.pki import Authority

pytestmark = pytest.mark.mocked


class Refusing(BaseHTTPRequestHandler):
    """Answers as an API server does to who hasn't said who they are."""

    def do_GET(self) -> None:  # the interface
        """Refuse."""
        self.send_error(401)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(authority: Authority) -> Iterator[int]:
    """An API server under an authority; its port."""
    pair = authority.issue_server("api", ["10.140.0.2"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kubeconfig(authority: Authority, port: int) -> str:
    data = base64.b64encode(authority.files.certificate.read_bytes()).decode()
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": data}
    return yaml.safe_dump({"clusters": [{"name": "c", "cluster": cluster}]})


def test_an_api_that_answers_is_reached_whatever_it_answers_and_by_whatever_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    with served(authority) as port:
        assert unreachable(kubeconfig(authority, port)) is None


def test_something_else_at_the_same_address_is_not_the_cluster(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    with served(theirs) as port:
        assert unreachable(kubeconfig(ours, port)) == "something else answers there, which isn't this cluster"


def test_a_port_at_which_nothing_listens_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    with served(authority) as port:
        pass
    assert unreachable(kubeconfig(authority, port)) == "connection refused"
