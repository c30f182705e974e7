"""The operator as it is started, kopf and all, against an API server in the process."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import kubernetes.aio.config.kube_config
import kubernetes.config.kube_config
import pytest
import pytest_asyncio
import yaml
from kmock import KubernetesError, Request, Server, action

from operators import __main__ as program
from operators import handlers, queueing, reconciling
from operators.decisions import Decision, decide
from operators.observed import JobKey, JobView, Observed
from operators.queueing import WORKERS
from operators.reconciling import Reconciler
from operators.store import Kind
from rackwright.specs.job_cluster import JobCluster
from tests.operators.api_server import WRITING, ApiServer, named, plural_of

Operate = Callable[..., AbstractAsyncContextManager[asyncio.Task[None]]]

pytestmark = [pytest.mark.mocked, pytest.mark.asyncio]

NEVER_S = 3600.0
Raw = dict[str, Any]


def training_job(name: str = "a", **spec: object) -> Raw:
    return {
        "apiVersion": "rackwright.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": name, "namespace": "team-a"},
        "spec": {"image": "trainer", "gpus": 8, **spec},
    }


def jobset(name: str = "a", **status: object) -> Raw:
    metadata = {"name": name, "namespace": "team-a", "uid": f"uid-{name}"}
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": metadata, "status": status}


def workload(name: str = "a", *, active: bool = True) -> Raw:
    owner = {"kind": "JobSet", "name": name, "uid": f"uid-{name}", "controller": True}
    metadata = {"name": f"jobset-{name}", "namespace": "team-a", "ownerReferences": [owner]}
    spec = {"active": active}
    return {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload", "metadata": metadata, "spec": spec}


def pod(job: str = "a", *, rank: str = "0", phase: str = "Running") -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{job}-{rank}",
            "namespace": "team-a",
            "labels": {"rackwright.dev/job": job, "batch.kubernetes.io/job-completion-index": rank},
        },
        "spec": {"nodeName": f"host-of-{job}"},
        "status": {"phase": phase},
    }


def node(job: str = "a", *, ready: str = "True") -> Raw:
    status = {"conditions": [{"type": "Ready", "status": ready, "reason": "Said"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"host-of-{job}"}, "spec": {}, "status": status}


@pytest_asyncio.fixture
async def api() -> AsyncIterator[ApiServer]:
    async with ApiServer() as api, Server(api):
        yield api


@pytest.fixture
def operate(api: ApiServer, cluster: JobCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operate:
    """Run the operator for a while; give its task when it watches."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "mock", "cluster": {"server": str(api.servers[0].url).rstrip("/")}}],
        "users": [{"name": "operator", "user": {}}],
        "contexts": [{"name": "mock", "context": {"cluster": "mock", "user": "operator"}}],
        "current-context": "mock",
    }
    file = tmp_path / "kubeconfig.yaml"
    file.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    for module in (kubernetes.config.kube_config, kubernetes.aio.config.kube_config):
        monkeypatch.setattr(module, "KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    monkeypatch.setattr(reconciling, "FIRST_READ_DELAY_S", 0.0)
    monkeypatch.setattr(queueing, "FIRST_DELAY_S", 0.0)
    monkeypatch.setattr(handlers, "ERROR_DELAYS_S", (0, 0, 0))

    @asynccontextmanager
    async def operate(*, resync_s: float = NEVER_S, liveness: str | None = None) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(program.run(cluster, resync_s=resync_s, liveness=liveness))
        watching = {"nodes", "pods", "jobsets", "workloads", "trainingjobs"}
        try:
            await api.until(lambda: task.done() or watching <= watched(api))
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return operate


def watched(api: ApiServer) -> set[str]:
    """The kinds of which a watch was asked for."""
    return {each.resource.plural or "" for each in api if each.action is action.WATCH and each.resource is not None}


def phase_of(api: ApiServer) -> str | None:
    """What job a's status says."""
    job = api.find("trainingjobs", "a") or {}
    phase: str | None = (job.get("status") or {}).get("phase")
    return phase


class Looks:
    """The operator's looks at jobs, as they come: what was seen, how many at a time; held back on demand."""

    def __init__(self, api: ApiServer, monkeypatch: pytest.MonkeyPatch, *, idle: bool) -> None:
        self.at: list[JobKey] = []
        self.seen: list[Observed] = []
        self.heard = 0
        self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self._now: list[JobKey] = []
        look, hear = Reconciler.look, Reconciler.hear

        async def spy(reconciler: Reconciler, key: JobKey) -> float | None:
            assert key not in self._now, "two looks at one job at a time"
            self.at.append(key)
            self._now.append(key)
            self.most = max(self.most, len(self._now))
            await api.notify()
            try:
                await self.open.wait()
                return await look(reconciler, key)
            finally:
                self._now.remove(key)
                await api.notify()

        def count(reconciler: Reconciler, kind: Kind, raw: Raw, *, deleted: bool) -> None:
            self.heard += 1
            hear(reconciler, kind, raw, deleted=deleted)
            tasks.append(asyncio.get_running_loop().create_task(api.notify()))

        def record(job: JobView, observed: Observed, cluster: JobCluster, *, now: datetime) -> Decision:
            self.seen.append(observed)
            return Decision(actions=()) if idle else decide(job, observed, cluster, now=now)

        tasks: list[asyncio.Task[None]] = []  # a task that nobody holds may be collected
        monkeypatch.setattr(Reconciler, "look", spy)
        monkeypatch.setattr(Reconciler, "hear", count)
        monkeypatch.setattr(reconciling, "decide", record)

    @property
    def over(self) -> bool:
        """Whether none is going on."""
        return not self._now

    def names(self) -> list[str]:
        """The jobs looked at."""
        return [name for _, name in self.at]


@pytest.fixture
def idle_looks(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Looks after which nothing is done."""
    return Looks(api, monkeypatch, idle=True)


@pytest.fixture
def looks(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Looks after which what is decided is done."""
    return Looks(api, monkeypatch, idle=False)


EVENTS: dict[str, Callable[[str], Raw]] = {
    "trainingjobs": lambda name: training_job(name, suspend=True),
    "jobsets": lambda name: jobset(name, restarts=1),
    "workloads": lambda name: workload(name, active=False),
    "pods": lambda name: pod(name, phase="Failed"),
    "nodes": lambda name: node(name, ready="Unknown"),
}


@pytest.mark.parametrize("kind", EVENTS)
async def test_an_event_of_each_kind_wakes_its_job_and_no_other(
    kind: str, api: ApiServer, operate: Operate, idle_looks: Looks
) -> None:
    for name in ("a", "b", "c"):
        for make in (node, jobset, workload, pod, training_job):
            await api.place(make(name))
    async with operate():
        await api.until(lambda: idle_looks.over and {"a", "b", "c"} <= set(idle_looks.names()))
        idle_looks.at.clear()
        await api.place(EVENTS[kind]("a"))
        await api.until(lambda: "a" in idle_looks.names())
        await api.place(EVENTS[kind]("c"))  # the same watch tells of it afterwards
        await api.until(lambda: "c" in idle_looks.names())
    assert idle_looks.names() == ["a", "c"]


async def test_a_burst_of_events_makes_few_looks_and_few_at_a_time(
    api: ApiServer, operate: Operate, idle_looks: Looks
) -> None:
    jobs = [f"job-{index}" for index in range(2 * WORKERS)]
    async with operate():
        idle_looks.open.clear()
        for name in jobs:
            await api.place(training_job(name))
        for round_of_events in range(10):
            for name in jobs:
                await api.place(pod(name, phase=f"Phase{round_of_events}"))
        await api.until(lambda: idle_looks.heard >= 11 * len(jobs) and len(idle_looks.at) == WORKERS)
        assert idle_looks.most == len(idle_looks.at) == WORKERS
        idle_looks.open.set()
        await api.until(lambda: idle_looks.over and set(idle_looks.names()) == set(jobs))
    assert idle_looks.most == WORKERS
    assert max(idle_looks.names().count(name) for name in jobs) <= 2


async def test_many_objects_wait_for_nobody(
    api: ApiServer, operate: Operate, idle_looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kopf's tasks, which stay a while for each object heard of, are as many as there are objects."""
    monkeypatch.setattr(handlers, "IDLE_S", NEVER_S)
    for index in range(500):
        await api.place(node(str(index)))
    async with operate():
        await api.until(lambda: idle_looks.heard >= 500)


async def test_lists_come_in_pages(api: ApiServer, operate: Operate) -> None:
    async with operate():
        pass
    lists = [each for each in api if each.action is action.LIST and plural_of(each) == "pods"]
    assert {each.params.get("limit") for each in lists} == {str(reconciling.PAGE_SIZE)}


def failing(status: int, *, times: int, writes: str, answered: list[Request]) -> Callable[[Request], None]:
    """Answer the first writes of a kind by an error."""

    def fail(request: Request) -> None:
        its = request.action in WRITING and plural_of(request) == writes
        if its and len(answered) < times:
            answered.append(request)
            raise KubernetesError(status=status)

    return fail


async def test_an_error_of_the_api_server_is_tried_again(
    api: ApiServer, operate: Operate, caplog: pytest.LogCaptureFixture
) -> None:
    answered: list[Request] = []
    api.before = failing(503, times=3, writes="jobsets", answered=answered)
    async with operate():
        await api.place(training_job())
        await api.until(lambda: api.find("jobsets", "a") is not None)
    assert len(answered) == 3
    failures = [each for each in caplog.records if "trying again" in each.message]
    assert len(failures) == 3
    assert not any(each.exc_info for each in failures), "a traceback tells nothing of the API server's trouble"


@pytest.mark.parametrize(("status", "kind"), [(409, "jobsets"), (404, "trainingjobs")])
async def test_what_is_there_or_gone_already_is_no_failure(
    status: int, kind: str, api: ApiServer, operate: Operate, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    answered: list[Request] = []
    api.before = failing(status, times=1, writes=kind, answered=answered)
    async with operate():
        await api.place(training_job())
        await api.until(lambda: bool(answered) and looks.over)
        await api.place(training_job("b"))
        await api.until(lambda: api.find("jobsets", "b") is not None)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING and "job" in each.message]


async def test_a_list_that_fails_is_asked_for_again(api: ApiServer, operate: Operate) -> None:
    """Errors are answers without a list in them, of pods as of custom objects."""
    failed: list[str] = []

    def fail_first(request: Request) -> None:
        plural = plural_of(request) or ""
        asks = "OpenAPI" in request.headers.get("User-Agent", "")  # the operator's own client, and not kopf
        if asks and request.action is action.LIST and plural in {"pods", "trainingjobs"} and failed.count(plural) < 2:
            failed.append(plural)
            raise KubernetesError

    api.before = fail_first
    await api.place(training_job())
    async with operate():
        await api.until(lambda: api.find("jobsets", "a") is not None)
    assert failed.count("pods") == failed.count("trainingjobs") == 2


async def test_what_happens_while_watches_are_broken_isnt_lost(
    api: ApiServer, operate: Operate, idle_looks: Looks
) -> None:
    await api.place(training_job())
    await api.place(pod())
    async with operate(resync_s=0.05):
        await api.until(lambda: bool(idle_looks.seen) and bool(idle_looks.seen[-1].old_pods))
        watches = sum(each.action is action.WATCH for each in api)
        await api.break_watches()
        await api.remove(pod(), silently=True)
        await api.until(lambda: not idle_looks.seen[-1].old_pods)
        await api.until(lambda: sum(each.action is action.WATCH for each in api) >= watches + 5)
        await api.place(training_job("later"))
        await api.until(lambda: "later" in idle_looks.names())


async def test_what_comes_back_with_ones_own_write_is_news(api: ApiServer, operate: Operate) -> None:
    """A JobSet that is there already, of which no event tells any more."""
    ended = jobset(conditions=[{"type": "Completed", "status": "True"}])
    async with operate():
        await api.place(ended, silently=True)
        await api.place(training_job())
        await api.until(lambda: phase_of(api) == "Succeeded")


async def test_a_status_made_of_an_older_job_isnt_written(api: ApiServer, operate: Operate) -> None:
    """But the job looked at once more."""
    changed: list[Request] = []

    def change(request: Request) -> None:
        if request.subresource == "status" and not changed:
            changed.append(request)
            where = named(request)
            api.objects[where].patch({"metadata": {"resourceVersion": "1000"}, "spec": {"suspend": True}})
            running.append(asyncio.get_running_loop().create_task(api.announce(where)))

    running: list[asyncio.Task[None]] = []
    api.before = change
    async with operate():
        await api.place(training_job())
        await api.until(lambda: phase_of(api) == "Suspended")
    assert not api.writes("jobsets")


async def test_nothing_but_the_status_of_a_job_is_written_and_only_when_it_changed(
    api: ApiServer, operate: Operate, looks: Looks
) -> None:
    async with operate():
        await api.place(node())
        await api.place(training_job())
        await api.until(lambda: looks.over and api.find("jobsets", "a") is not None)
        await api.place({**workload(), "metadata": {**workload()["metadata"], "labels": {"some": "noise"}}})
        await api.until(lambda: bool(looks.seen) and looks.seen[-1].workload is not None and looks.over)
        written = [each.data["status"] for each in api.writes("trainingjobs")]
        for phase in ("Pending", "Running", "Odd"):  # each wakes the job
            await api.place(pod(rank="0", phase=phase))
            await api.until(lambda phase=phase: [each.phase for each in looks.seen[-1].pods] == [phase])  # type: ignore[misc]  # a default in a lambda has no type
        await api.until(lambda: looks.over)
    writes = api.writes("trainingjobs")
    assert all(each.subresource == "status" for each in writes)
    assert all(new != old for old, new in itertools.pairwise(written))
    assert len(writes) == len(written), "the phase of a pod that isn't ready changes no status"
    job = api.find("trainingjobs", "a")
    assert job is not None
    assert {"finalizers", "annotations"}.isdisjoint(job["metadata"])
    assert {plural_of(each) for each in api if each.action is action.UPDATE} == {"trainingjobs", "jobsets"}


async def test_a_job_that_cant_be_read_is_told_so_once_and_stops_no_other(
    api: ApiServer, operate: Operate, idle_looks: Looks
) -> None:
    await api.place(training_job("odd", ofANewerVersion=1))
    await api.place(training_job("good"))
    async with operate(resync_s=0.01):
        await api.until(lambda: idle_looks.names().count("good") > 3 and "odd" in idle_looks.names())
        await api.until(lambda: bool(api.writes("trainingjobs")))
    (event,) = api.writes("events")
    assert (event.data["reason"], event.data["regarding"]["uid"]) == ("Unreadable", "uid-odd")
    job = api.find("trainingjobs", "odd")
    assert job is not None
    (condition,) = job["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("Accepted", "False")
    assert "ofANewerVersion" in condition["message"]


async def test_somebodys_pod_with_a_jobs_label_harms_nobody(api: ApiServer, operate: Operate, looks: Looks) -> None:
    odd = pod(rank="first")
    async with operate(resync_s=0.01):
        await api.place(odd)
        await api.place(training_job())
        await api.until(lambda: api.find("jobsets", "a") is not None)
    assert all(not observed.pods for observed in looks.seen)


async def test_sigterm_ends_it(api: ApiServer, operate: Operate, idle_looks: Looks) -> None:
    """While a look goes on, which is given up: what it left undone is decided again by the next operator."""
    async with operate() as running:
        idle_looks.open.clear()
        await api.place(training_job())
        await api.until(lambda: not idle_looks.over)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(handlers.EXIT_S):
            await running
    assert idle_looks.over


async def test_the_liveness_endpoint_says_when_the_api_server_was_last_heard_of_and_logs_nothing(
    api: ApiServer, operate: Operate, caplog: pytest.LogCaptureFixture
) -> None:
    program.configure_logging()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    async with operate(liveness=address), aiohttp.ClientSession() as session:
        await api.until(lambda: bool(watched(api)))
        caplog.clear()
        async with session.get(f"http://{address}/healthz") as answer:
            assert answer.status == 200
            assert (await answer.json())["secondsSinceHeard"] >= 0.0
    assert not [each for each in caplog.records if "robe" in each.getMessage() or "healthz" in each.getMessage()]
