"""Watches over a server that breaks them, falls silent or has forgotten: all that there are is listed again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes import client

from rackwright.jobs import watching
from rackwright.jobs.connection import Connection
from rackwright.jobs.errors import JobsError, NotFound, Unreachable
from rackwright.jobs.training_jobs import TrainingJobs
from rackwright.jobs.watching import MAX_BREAKS

pytestmark = pytest.mark.mocked

JOB = {
    "metadata": {"name": "llama", "namespace": "research"},
    "spec": {"image": "example.com/train:1", "gpus": 64},
}

CHANGE = json.dumps({"type": "MODIFIED", "object": JOB}).encode() + b"\n"


Watch = tuple[bytes, Literal["ends", "breaks", "falls silent"]]
"""What a watch brings, and what becomes of it then."""


class Server(ThreadingHTTPServer):
    """An API server with one job, whose watches go like that, one after the other; then the job isn't there."""

    daemon_threads = True

    def __init__(self, *watches: Watch) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.watches = list(watches)
        self.stopped = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Answers lists and watches."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        if "watch" in parse_qs(urlsplit(self.path).query):
            self._watch(*self.server.watches.pop(0))
            return
        items = [JOB] if self.server.watches else []
        self._send(json.dumps({"metadata": {"resourceVersion": "1"}, "items": items}).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _watch(self, brings: bytes, then: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if brings:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(brings), brings))
        if then == "ends":
            self.wfile.write(b"0\r\n\r\n")
        elif then == "falls silent":
            self.server.stopped.wait()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


Started = Callable[..., TrainingJobs]


@pytest.fixture
def started() -> Iterator[Started]:
    """A server whose watches go like that, and the jobs on it."""
    servers: list[Server] = []

    def start(*watches: Watch) -> TrainingJobs:
        server = Server(*watches)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
        return TrainingJobs(Connection(client=client.ApiClient(configuration), namespace=None))

    yield start
    for server in servers:
        server.stopped.set()
        server.shutdown()
        server.server_close()


def events(jobs: TrainingJobs) -> list[str]:
    """What a watch brings until the job isn't there any more."""
    seen = []
    changes = jobs.watch("research", name="llama")
    with suppress(NotFound):
        while True:
            seen.append(next(changes)[0])
    return seen


GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
"""As the API server says that it has forgotten a version."""


@pytest.mark.parametrize("then", ["ends", "breaks"])
def test_a_watch_that_ends_or_breaks_is_begun_anew(started: Started, then: Literal["ends", "breaks"]) -> None:
    assert events(started((CHANGE, then), (b"", "ends"))) == ["ADDED", "MODIFIED", "ADDED"]


def test_a_watch_that_falls_silent_is_begun_anew(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "WATCH_S", 0)
    monkeypatch.setattr(watching, "SILENCE_S", 0)
    assert events(started((CHANGE, "falls silent"))) == ["ADDED", "MODIFIED"]


def test_a_version_that_the_server_has_forgotten_is_listed_again(started: Started) -> None:
    gone = json.dumps({"type": "ERROR", "object": GONE}).encode() + b"\n"
    assert events(started((gone, "ends"), (CHANGE, "ends"))) == ["ADDED", "ADDED", "MODIFIED"]


def test_another_error_in_a_watch_is_told(started: Started) -> None:
    broken = {**GONE, "code": 500, "reason": "InternalError", "message": "etcd is away"}
    jobs = started((json.dumps({"type": "ERROR", "object": broken}).encode() + b"\n", "ends"))
    with pytest.raises(JobsError, match="can't watch jobs: 500 InternalError: etcd is away"):
        events(jobs)


def test_empty_lines_that_keep_a_watch_alive_are_no_changes(started: Started) -> None:
    assert events(started((b"\n\n" + CHANGE, "ends"))) == ["ADDED", "MODIFIED"]


def test_watches_that_all_break_at_once_are_given_up(started: Started) -> None:
    jobs = started(*[(b"", "breaks")] * (MAX_BREAKS + 1))
    with pytest.raises(Unreachable, match="can't watch jobs: the cluster can't be reached"):
        events(jobs)


def test_watches_that_bring_something_may_break_as_often_as_they_like(started: Started) -> None:
    watches = 2 * MAX_BREAKS
    assert events(started(*[(CHANGE, "breaks")] * watches)).count("MODIFIED") == watches
