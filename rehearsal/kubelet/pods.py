"""One pod, from its binding to its end: volumes, containers, status. A task of its own, level-triggered."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.api_server import ApiServerError, Object
from rehearsal.kubelet import environment, launching, logs, processes, volumes
from rehearsal.kubelet.addresses import LocalPorts
from rehearsal.kubelet.cluster import Cluster
from rehearsal.kubelet.containers import Container
from rehearsal.kubelet.environment import Reference
from rehearsal.kubelet.errors import ContainerError, unsupported
from rehearsal.kubelet.launching import Launch
from rehearsal.kubelet.programs import executable, known_program
from rehearsal.kubelet.status import pod_status
from rehearsal.kubelet.tokens import Tokens
from rehearsal.state import StateDirectory
from rehearsal.tools import Toolbox

LOGGER = logging.getLogger(__name__)

LOOK_INTERVAL_S = 1.0
"""Seconds between two looks at a pod when nothing happens: probes are timed in seconds."""

REFRESH_UNREADY_S = 1.0
"""Seconds between two looks at the ConfigMaps and Secrets of a pod that isn't ready; controllers wait for their own."""

REFRESH_READY_S = 15.0
"""The same for a ready pod (a kubelet takes up to a minute)."""

DEFAULT_GRACE_S = 30.0
"""Seconds between SIGTERM and SIGKILL where the pod says nothing (core/v1, terminationGracePeriodSeconds)."""


class PodTask:
    """Runs one pod."""

    def __init__(
        self,
        pod: Object,
        *,
        pod_ip: str,
        cluster: Cluster,
        state: StateDirectory,
        toolbox: Toolbox,
        unserved_api_port: int,
        ports_changed: Callable[[], None],
    ) -> None:
        """`unserved_api_port`: where `unserved` answers; `ports_changed` is called after `local_ports` changed."""
        self.pod_ip = pod_ip
        self._pod: Object | None = pod
        self._last = pod
        self._cluster = cluster
        self._state = state
        self._toolbox = toolbox
        self._unserved_api_port = unserved_api_port
        self._ports_changed = ports_changed
        self._happened = asyncio.Event()
        self._tokens = Tokens(cluster)
        self._references: Mapping[Reference, Object | None] = {}
        self._refresh_at = 0.0
        self._node_ip = ""
        self._started = datetime.now(UTC)
        self._reported: Object | None = None
        self._published: dict[int, int] = {}
        self._containers = [self._container(declared) for declared in pod["spec"]["containers"]]

    def update(self, pod: Object | None) -> None:
        """Take in the pod's present state; None when it is gone."""
        self._pod = pod
        self._last = pod or self._last
        self._happened.set()

    def local_ports(self) -> dict[int, int]:
        """Container ports of the living processes, and the local ports that stand for them."""
        return {port: local for each in self._containers for port, local in each.local_ports().items()}

    async def run(self) -> None:
        """Run the pod until it is gone."""
        while self._pod is not None:
            self._happened.clear()
            try:
                if "deletionTimestamp" in self._pod["metadata"]:
                    await self._end(self._pod)
                else:
                    await self._sync(self._pod)
            except ApiServerError as error:
                LOGGER.warning("pod %s: %r; trying again", self._name, error)
            await self._wait()
        await self.stop(grace_s=0)
        shutil.rmtree(self._directory, ignore_errors=True)

    async def stop(self, *, grace_s: float | None = None) -> None:
        """End all processes, with the pod's own grace where none is given."""
        await asyncio.gather(*(container.stop(grace_s=grace_s) for container in self._containers))
        self._publish()

    @property
    def _name(self) -> str:
        metadata = self._last["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}"

    @property
    def _directory(self) -> Path:
        return self._state.root / "pods" / str(self._last["metadata"]["uid"])

    def _container(self, declared: Object) -> Container:
        spec, found = self._last["spec"], self._last.get("status", {}).get("containerStatuses", [])
        previous: Object = next((each for each in found if each["name"] == declared["name"]), {})
        container = Container(
            declared,
            restart_policy=spec.get("restartPolicy", "Always"),
            grace_s=float(spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)),
            restarted=previous.get("restartCount", 0),
            start=self._start,
            tell=self._tell,
        )
        if "running" in previous.get("state", {}):  # an earlier kubelet's process, which this one's stopped
            container.view.last_state = {"terminated": _stopped_with_kubelet(previous)}
        return container

    async def _sync(self, pod: Object) -> None:
        await self._refresh(pod)
        for container in self._containers:
            await container.step()
        self._publish()
        await self._report(pod)

    async def _end(self, pod: Object) -> None:
        grace_s = float(pod["metadata"].get("deletionGracePeriodSeconds", DEFAULT_GRACE_S))
        await self.stop(grace_s=grace_s)
        await self._report(pod)
        await self._cluster.remove_pod(pod)

    async def _wait(self) -> None:
        """Wait until something happens to the pod or to a process of it, or it is time to look again."""
        happened = asyncio.create_task(self._happened.wait())
        ends = [container.run.ended for container in self._containers if container.run is not None]
        await asyncio.wait([happened, *ends], timeout=LOOK_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
        happened.cancel()

    async def _refresh(self, pod: Object) -> None:
        """Bring the volumes of a pod up to date, when it is time."""
        now = asyncio.get_running_loop().time()
        if now < self._refresh_at:
            return
        if not self._node_ip:
            self._node_ip = await self._find_node_ip(pod)
        self._references = await self._find_references(pod)
        try:
            await self._write_volumes(pod)
        except ContainerError as error:
            LOGGER.debug("pod %s: %s", self._name, error.message)  # told by the container's start
        ready = all(container.view.ready for container in self._containers)
        self._refresh_at = now + (REFRESH_READY_S if ready else REFRESH_UNREADY_S)

    async def _find_node_ip(self, pod: Object) -> str:
        node = await self._cluster.find(f"/api/v1/nodes/{pod['spec']['nodeName']}")
        addresses = (node or {}).get("status", {}).get("addresses", [])
        return next((each["address"] for each in addresses if each["type"] == "InternalIP"), "")

    async def _find_references(self, pod: Object) -> Mapping[Reference, Object | None]:
        names = {name for declared in pod["spec"]["containers"] for name in environment.referred(declared)}
        try:
            names |= set(volumes.referred(pod))
        except ContainerError as error:
            LOGGER.debug("pod %s: %s", self._name, error.message)  # told by the container's start
        base = f"/api/v1/namespaces/{pod['metadata']['namespace']}"
        plural = {"ConfigMap": "configmaps", "Secret": "secrets"}
        return {(kind, name): await self._cluster.find(f"{base}/{plural[kind]}/{name}") for kind, name in names}

    async def _write_volumes(self, pod: Object) -> None:
        """Write all volumes; raise `ContainerError` for what is missing."""
        tokens = await self._tokens.texts(pod, set(volumes.token_requests(pod)))
        for volume in pod["spec"].get("volumes", []):
            directory = self._directory / "volumes" / volume["name"]
            contents = volumes.files(
                volume,
                pod=pod,
                references=self._references,
                tokens=tokens,
                node_ip=self._node_ip,
                pod_ip=self.pod_ip,
            )
            if contents is None:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            else:
                volumes.write(directory, contents)

    async def _start(self, declared: Object, ports: LocalPorts) -> tuple[asyncio.subprocess.Process, Launch]:
        pod = self._last
        program = known_program(declared["image"])
        if program is None:
            raise ContainerError("ErrImagePull", f"{declared['image']} is no program that runs as a local process")
        if pod["spec"].get("initContainers"):
            raise unsupported("a pod with init containers")
        await self._write_volumes(pod)
        directory = self._directory / "containers" / declared["name"]
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if program.marker is not None:
            _ensure_marker(program.marker)
        if program.configuration is not None and program.configuration.unserved_api_port is not None:
            ports.assign(program.configuration.unserved_api_port, self._unserved_api_port)
        launch = launching.launch(
            declared,
            pod=pod,
            program=program,
            executable=executable(program, self._toolbox),
            variables=environment.environment(
                declared,
                pod=pod,
                references=self._references,
                node_ip=self._node_ip,
                pod_ip=self.pod_ip,
            ),
            mounts=volumes.mounts(declared, volumes_directory=self._directory / "volumes"),
            ports=ports,
            server=self._cluster.server,
            directory=directory,
        )
        log = logs.process_log(self._state, pod, declared["name"])
        logs.begin_run(log)
        process = await processes.start(launch, rehearsal=self._state.id, pod_uid=pod["metadata"]["uid"], log=log)
        return process, launch

    def _publish(self) -> None:
        ports = self.local_ports()
        if ports != self._published:
            self._published = ports
            self._ports_changed()

    async def _report(self, pod: Object) -> None:
        status = pod_status(
            [container.view for container in self._containers],
            pod=pod,
            node_ip=self._node_ip,
            pod_ip=self.pod_ip,
            started=self._started,
            now=datetime.now(UTC),
        )
        if status != self._reported:
            await self._cluster.patch_status(pod, status)
            self._reported = status

    async def _tell(self, kind: str, reason: str, message: str) -> None:
        """Make an event of the pod; one that can't be made is no reason to stop."""
        metadata = self._last["metadata"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event: dict[str, Any] = {
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": "process-kubelet", "host": self._last["spec"]["nodeName"]},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        LOGGER.info("pod %s: %s: %s", self._name, reason, message)
        try:
            await self._cluster.create(f"/api/v1/namespaces/{metadata['namespace']}/events", event)
        except ApiServerError as error:
            LOGGER.info("pod %s: no event: %s", self._name, error)


def _stopped_with_kubelet(previous: Object) -> Object:
    """The end of a process whose kubelet died, of which nobody saw the exit code (a kubelet says 137 then, too)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "exitCode": 137,
        "reason": "ContainerStatusUnknown",
        "message": "the process was stopped when the process kubelet started again",
        "startedAt": previous["state"]["running"]["startedAt"],
        "finishedAt": now,
    }


def _ensure_marker(path: Path) -> None:
    """Make an empty file at a fixed path, if nobody has made one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=True)
    except OSError as error:
        if not path.exists():
            raise ContainerError(
                "RunContainerError", f"{path} is needed and can't be made: {error.strerror}"
            ) from error
