"""A pod's status, from what is known of its containers. Pure: the same containers give the same status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rehearsal.api_server import Object

SIGNAL_EXIT_CODE = 128
"""Added to a signal's number for the exit code of a process that it ended (POSIX shells, container runtimes)."""


@dataclass(kw_only=True)
class ContainerView:
    """What the status says of a container."""

    name: str
    image: str
    state: Object = field(default_factory=lambda: waiting("ContainerCreating", ""))
    last_state: Object = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    restarts: int = 0
    process_id: int | None = None


def waiting(reason: str, message: str) -> Object:
    """The state of a container that hasn't started."""
    return {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}


def running(since: datetime) -> Object:
    """The state of a container whose process lives."""
    return {"running": {"startedAt": _timestamp(since)}}


def terminated(*, exit_code: int, since: datetime, until: datetime, process_id: int) -> Object:
    """The state of a container whose process ended; a negative exit code is a signal's number, as in `subprocess`."""
    details: dict[str, Any] = {
        "exitCode": exit_code if exit_code >= 0 else SIGNAL_EXIT_CODE - exit_code,
        "reason": "Completed" if exit_code == 0 else "Error",
        "startedAt": _timestamp(since),
        "finishedAt": _timestamp(until),
        "containerID": _container_id(process_id),
    }
    if exit_code < 0:
        details["signal"] = -exit_code
    return {"terminated": details}


def phase(containers: Sequence[ContainerView], *, restart_policy: str) -> str:
    """The pod's phase."""
    ended = [view.state["terminated"]["exitCode"] for view in containers if "terminated" in view.state]
    if len(ended) == len(containers) and restart_policy != "Always":
        if not any(ended):
            return "Succeeded"
        if restart_policy == "Never":
            return "Failed"
    begun = any("waiting" not in view.state or view.last_state for view in containers)
    return "Running" if begun else "Pending"


def pod_status(
    containers: Sequence[ContainerView],
    *,
    pod: Object,
    node_ip: str,
    pod_ip: str,
    started: datetime,
    now: datetime,
) -> Object:
    """The status to merge into the pod's; without the host's address while a new host has none (`node_ip` is empty)."""
    ready = bool(containers) and all(view.ready for view in containers)
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates", [])]
    existing = {condition["type"]: condition for condition in pod.get("status", {}).get("conditions", [])}
    gated = all(existing.get(gate, {}).get("status") == "True" for gate in gates)
    truths = {
        "PodReadyToStartContainers": True,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready and gated,
    }
    return {
        "phase": phase(containers, restart_policy=pod["spec"].get("restartPolicy", "Always")),
        "observedGeneration": pod["metadata"].get("generation", 1),
        **({"hostIP": node_ip, "hostIPs": [{"ip": node_ip}]} if node_ip else {}),
        "podIP": pod_ip,
        "podIPs": [{"ip": pod_ip}],
        "startTime": _timestamp(started),
        "conditions": [_condition(name, truth, existing.get(name), now) for name, truth in truths.items()],
        "containerStatuses": [_container_status(view) for view in containers],
    }


def _condition(name: str, truth: bool, existing: Object | None, now: datetime) -> Object:  # noqa: FBT001  # a mapping's item
    status = "True" if truth else "False"
    changed = _timestamp(now)
    if existing is not None and existing.get("status") == status:
        changed = existing.get("lastTransitionTime") or changed
    # Null takes an earlier reason away: conditions are merged by type.
    reason = None if truth else "ContainersNotReady"
    return {"type": name, "status": status, "lastTransitionTime": changed, "reason": reason}


def _container_status(view: ContainerView) -> Object:
    return {
        "name": view.name,
        "image": view.image,
        "imageID": "",
        "containerID": _container_id(view.process_id) if view.process_id is not None else "",
        "ready": view.ready,
        "started": view.started,
        "restartCount": view.restarts,
        "state": view.state,
        "lastState": view.last_state,
    }


def _container_id(process_id: int) -> str:
    return f"process://{process_id}"


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
