"""The process kubelet itself: which pods it runs, their addresses, and the table of services for the egress proxy."""

from __future__ import annotations

import asyncio
import logging
from ipaddress import IPv4Network

from rehearsal import processes as local_processes
from rehearsal.api_server import Object
from rehearsal.egress.routes import EVERY_HOST, TABLE_NAME, Route, write
from rehearsal.kubelet import processes, programs, services, unserved
from rehearsal.kubelet.cluster import Cluster
from rehearsal.kubelet.log_server import LogServer
from rehearsal.kubelet.pods import PodTask
from rehearsal.state import StateDirectory
from rehearsal.tools import Toolbox

LOGGER = logging.getLogger(__name__)

POD_NETWORK = IPv4Network("198.18.0.0/15")
"""Where pods get their addresses: a range for benchmarks (RFC 2544) that no cluster's own networks use. Nobody listens
on them; they name pods in endpoint slices, where Kubernetes refuses loopback addresses."""

STOP_GRACE_S = 5.0
"""Seconds for each process to end when the kubelet itself is stopped."""


class Kubelet:
    """Runs pods until it is cancelled."""

    def __init__(self, *, cluster: Cluster, state: StateDirectory, toolbox: Toolbox) -> None:
        self._cluster = cluster
        self._state = state
        self._toolbox = toolbox
        self._pods: dict[str, PodTask] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._services: dict[str, Object] = {}
        self._slices: dict[str, Object] = {}
        self._addresses = POD_NETWORK.hosts()
        self._published = ""
        self._unserved_api_port = 0
        self._logs = LogServer(cluster, state)

    async def run(self) -> None:
        """Follow pods and services for ever; when cancelled, stop all processes."""
        left_behind = processes.left_behind(self._state.id)
        if left_behind:
            LOGGER.info("stopping %d processes that an earlier kubelet left", len(left_behind))
            await asyncio.to_thread(local_processes.stop, left_behind, grace_s=STOP_GRACE_S)
        self._unserved_api_port = await unserved.serve(
            certificate=self._state.pki / "serving.crt", key=self._state.pki / "serving.key"
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._logs.serve())
                group.create_task(self._cluster.follow("/api/v1/services", changed=self._service_changed))
                group.create_task(
                    self._cluster.follow(
                        "/apis/discovery.k8s.io/v1/endpointslices",
                        selector=services.SLICE_SELECTOR,
                        changed=self._slice_changed,
                    )
                )
                group.create_task(
                    self._cluster.follow("/api/v1/pods", changed=self._pod_changed, wanted=programs.is_ours)
                )
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.gather(*(pod.stop(grace_s=STOP_GRACE_S) for pod in self._pods.values()))

    def _pod_changed(self, uid: str, pod: Object | None) -> None:
        if uid in self._pods:
            self._pods[uid].update(pod)
        elif pod is not None and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            task = PodTask(
                pod,
                pod_ip=self._pod_ip(pod),
                cluster=self._cluster,
                state=self._state,
                toolbox=self._toolbox,
                unserved_api_port=self._unserved_api_port,
                ports_changed=self._publish,
            )
            self._pods[uid] = task
            self._tasks[uid] = asyncio.create_task(task.run(), name=f"pod {uid}")
            self._tasks[uid].add_done_callback(lambda done: self._forget(uid, done))

    def _forget(self, uid: str, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return  # the kubelet ends, and stops the processes itself
        if task.exception() is not None:
            LOGGER.error("pod %s: the task that runs it failed", uid, exc_info=task.exception())
            self._tasks[uid] = asyncio.create_task(self._pods[uid].stop(grace_s=STOP_GRACE_S))
            return
        del self._pods[uid], self._tasks[uid]
        self._publish()

    def _pod_ip(self, pod: Object) -> str:
        """The address that the pod has already, else the next free one."""
        present: str = pod.get("status", {}).get("podIP", "")
        if present:
            return present
        taken = {task.pod_ip for task in self._pods.values()}
        return next(text for text in map(str, self._addresses) if text not in taken)

    def _service_changed(self, uid: str, service: Object | None) -> None:
        _keep(self._services, uid, service)
        self._publish()

    def _slice_changed(self, uid: str, endpoint_slice: Object | None) -> None:
        _keep(self._slices, uid, endpoint_slice)
        self._publish()

    def _publish(self) -> None:
        pod_ports = {
            (pod.pod_ip, port): local for pod in self._pods.values() for port, local in pod.local_ports().items()
        }
        table = services.routes(self._services.values(), self._slices.values(), pod_ports)
        table[EVERY_HOST] = Route(
            description="the kubelets of all hosts", local_ports=(self._logs.port.number,), wants_target=True
        )
        if repr(table) != self._published:
            write(self._state.root / TABLE_NAME, table)
            self._published = repr(table)


def _keep(store: dict[str, Object], uid: str, item: Object | None) -> None:
    if item is None:
        store.pop(uid, None)
    else:
        store[uid] = item
