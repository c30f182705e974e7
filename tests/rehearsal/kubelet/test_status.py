"""A pod's status follows from its containers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rehearsal.kubelet import status
from rehearsal.kubelet.status import ContainerView
from tests.rehearsal.kubelet.samples import pod

pytestmark = pytest.mark.pure

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(minutes=1)


def ended(exit_code: int) -> dict[str, Any]:
    """The state of a container that ended."""
    return status.terminated(exit_code=exit_code, since=THEN, until=NOW, process_id=7)


def view(state: dict[str, Any] | None = None, **fields: Any) -> ContainerView:  # noqa: ANN401  # any field
    """A container's view."""
    return ContainerView(name="main", image="i", state=state or status.waiting("ContainerCreating", ""), **fields)


@pytest.mark.parametrize(
    ("views", "policy", "phase"),
    [
        ([view()], "Always", "Pending"),
        ([view(status.running(THEN)), view()], "Always", "Running"),
        ([view(ended(0))], "Always", "Running"),
        ([view(ended(0)), view(ended(0))], "Never", "Succeeded"),
        ([view(ended(0)), view(ended(2))], "Never", "Failed"),
        ([view(ended(2))], "OnFailure", "Running"),
        ([view(status.waiting("CrashLoopBackOff", "x"), last_state=ended(1))], "Always", "Running"),
    ],
)
def test_the_phase(views: list[ContainerView], policy: str, phase: str) -> None:
    assert phase == status.phase(views, restart_policy=policy)


def test_a_signal_is_told_as_container_runtimes_do() -> None:
    details = ended(-9)["terminated"]
    assert (details["exitCode"], details["signal"], details["reason"]) == (137, 9, "Error")


def conditions(containers: list[ContainerView], declared: dict[str, Any]) -> dict[str, Any]:
    """The conditions by type."""
    found = status.pod_status(containers, pod=declared, node_ip="10.0.0.1", pod_ip="198.18.0.1", started=THEN, now=NOW)
    return {condition["type"]: condition for condition in found["conditions"]}


def test_a_pod_is_ready_when_all_containers_and_gates_are() -> None:
    ready, unready = view(status.running(THEN), ready=True), view(status.running(THEN))
    gated = pod(readinessGates=[{"conditionType": "gate"}])
    assert conditions([ready, ready], pod())["Ready"]["status"] == "True"
    assert conditions([ready, unready], pod())["Ready"]["status"] == "False"
    assert conditions([ready], gated)["Ready"]["status"] == "False"
    assert conditions([ready], gated)["ContainersReady"]["status"] == "True"


def test_a_host_without_an_address_is_left_out() -> None:
    found = status.pod_status([view()], pod=pod(), node_ip="", pod_ip="198.18.0.1", started=THEN, now=NOW)
    assert not {"hostIP", "hostIPs"} & found.keys()


def test_a_transition_keeps_its_time_until_the_next() -> None:
    declared = pod()
    declared["status"] = {
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z"}]
    }
    assert conditions([view(ready=True)], declared)["Ready"]["lastTransitionTime"] == "2025-01-01T00:00:00Z"
    assert conditions([view(ready=False)], declared)["Ready"]["lastTransitionTime"] == "2026-01-01T00:01:00Z"
