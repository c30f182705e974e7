"""One container of a pod: its process, its probes, its restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from rehearsal.api_server import Object
from rehearsal.kubelet import probes, processes, restarts, status
from rehearsal.kubelet.addresses import LocalPorts
from rehearsal.kubelet.errors import ContainerError
from rehearsal.kubelet.launching import Launch

LOGGER = logging.getLogger(__name__)


class Run:
    """One run of a container's process."""

    def __init__(
        self, process: asyncio.subprocess.Process, launch: Launch, ports: LocalPorts, container: Object
    ) -> None:
        self.process = process
        self.launch = launch
        self.ports = ports
        self.since = datetime.now(UTC)
        self.ended = asyncio.create_task(process.wait())
        self.began = asyncio.get_running_loop().time()
        self.trackers: dict[str, probes.Tracker] = {
            kind: probes.Tracker(probe=container[kind], started=self.began)
            for kind in ("startupProbe", "livenessProbe", "readinessProbe")
            if kind in container
        }

    def passed(self, kind: str) -> bool:
        """Whether a probe passed; a container without it counts as passing."""
        return kind not in self.trackers or self.trackers[kind].passed


class Container:
    """A container across its runs."""

    def __init__(
        self,
        declared: Object,
        *,
        restart_policy: str,
        grace_s: float,
        restarted: int,
        start: Callable[[Object, LocalPorts], Awaitable[tuple[asyncio.subprocess.Process, Launch]]],
        tell: Callable[[str, str, str], Awaitable[None]],
    ) -> None:
        """`restarted`: restarts so far; `start`: starts the process; `tell`: makes an event (type, reason, message)."""
        self.declared = declared
        self.view = status.ContainerView(name=declared["name"], image=declared["image"], restarts=restarted)
        self.run: Run | None = None
        self._policy = restart_policy
        self._grace_s = grace_s
        self._start = start
        self._tell = tell
        self._ends = 0
        self._not_before = 0.0

    def local_ports(self) -> Mapping[int, int]:
        """The ports of the living process: container port to local port."""
        return self.run.ports.by_container_port() if self.run is not None else {}

    async def step(self) -> None:
        """Look once: note an end, start what should run, make the probes that are due."""
        if self.run is not None and self.run.ended.done():
            await self._note_end(self.run)
        if self.run is None:
            await self._begin()
        if self.run is not None:
            await self._probe(self.run)

    async def stop(self, *, grace_s: float | None = None) -> None:
        """End the process."""
        if self.run is not None:
            await processes.stop(self.run.process, grace_s=self._grace_s if grace_s is None else grace_s)
            await self.run.ended
            self._record_end(self.run)

    async def _begin(self) -> None:
        terminated = self.view.state.get("terminated")
        if terminated is not None and not restarts.wanted(self._policy, exit_code=terminated["exitCode"]):
            return
        if asyncio.get_running_loop().time() < self._not_before:
            return
        ports = LocalPorts()
        try:
            process, launch = await self._start(self.declared, ports)
        except ContainerError as error:
            if self.view.state.get("waiting", {}).get("message") != error.message:
                await self._tell("Warning", "Failed", f"{self.view.name}: {error.message}")
            self.view.state = status.waiting(error.reason, error.message)
            return
        if self.view.last_state:
            self.view.restarts += 1
        self.run = Run(process, launch, ports, self.declared)
        self.view.process_id = process.pid
        self.view.state = status.running(self.run.since)
        await self._tell("Normal", "Started", f"Started container {self.view.name} as process {process.pid}")

    async def _note_end(self, run: Run) -> None:
        code = run.ended.result()
        lived_s = asyncio.get_running_loop().time() - run.began
        self._record_end(run)
        self._ends = 1 if lived_s >= restarts.HEALTHY_AFTER_S else self._ends + 1
        if not restarts.wanted(self._policy, exit_code=code):
            return
        delay_s = restarts.backoff_s(self._ends)
        self._not_before = asyncio.get_running_loop().time() + delay_s
        if delay_s:
            message = f"back-off {delay_s:g}s restarting failed container={self.view.name}"
            self.view.state = status.waiting("CrashLoopBackOff", message)
            await self._tell("Warning", "BackOff", message)

    def _record_end(self, run: Run) -> None:
        self.view.state = status.terminated(
            exit_code=run.ended.result(), since=run.since, until=datetime.now(UTC), process_id=run.process.pid
        )
        self.view.last_state = self.view.state
        self.view.ready = self.view.started = False
        self.run = None

    async def _probe(self, run: Run) -> None:
        if not run.passed("startupProbe"):
            await self._make(run, "startupProbe")
        self.view.started = run.passed("startupProbe")
        if self.view.started:
            await self._make(run, "livenessProbe")
            await self._make(run, "readinessProbe")
        if any(run.trackers[kind].failed for kind in ("startupProbe", "livenessProbe") if kind in run.trackers):
            await self._tell("Normal", "Killing", f"Container {self.view.name} failed its probe, will be restarted")
            await processes.stop(run.process, grace_s=self._grace_s)
            await run.ended
            await self._note_end(run)
            return
        readiness = run.trackers.get("readinessProbe")
        if readiness is None:
            self.view.ready = self.view.started
        elif readiness.passed or readiness.failed:  # else the last verdict stands
            self.view.ready = self.view.started and readiness.passed

    async def _make(self, run: Run, kind: str) -> None:
        tracker = run.trackers.get(kind)
        now = asyncio.get_running_loop().time()
        if tracker is None or now < tracker.due():
            return
        failure = await probes.make(tracker.probe, container=self.declared, ports=run.ports, launch=run.launch)
        tracker.record(passed=failure is None, now=now)
        if failure is not None:
            await self._tell("Warning", "Unhealthy", f"{kind} of {self.view.name} failed: {failure}")
