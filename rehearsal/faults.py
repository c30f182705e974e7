"""Faults that a rehearsal injects into simulated hosts."""

from __future__ import annotations

from datetime import UTC, datetime

from kubernetes import client

from rehearsal.simulated import HOST_ANNOTATION, SILENT


def break_host(core: client.CoreV1Api, host: str) -> None:
    """Let a host die: its kubelet falls silent, and its pods neither run nor end.

    The Ready condition is set at once instead of after the 50 s in which a real control plane misses the heartbeats;
    what a rehearsal measures is the time from the moment that Kubernetes knows.
    """
    core.patch_node(host, {"metadata": {"annotations": {HOST_ANNOTATION: SILENT}}})
    _set_ready(core, host, status="False", reason="HostFailed", message="the rehearsal broke this simulated host")


def _set_ready(core: client.CoreV1Api, host: str, *, status: str, reason: str, message: str) -> None:
    now = datetime.now(UTC).isoformat()
    condition = {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    core.patch_node_status(host, {"status": {"conditions": [condition]}})
