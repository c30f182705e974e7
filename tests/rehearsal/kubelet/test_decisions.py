"""Small decisions: which pods are ours, restarts, token renewal, what probes' results mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.kubelet import programs, restarts
from rehearsal.kubelet.errors import ContainerError
from rehearsal.kubelet.probes import Tracker, container_port
from rehearsal.kubelet.tokens import Token
from tests.rehearsal.kubelet.samples import container, pod

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("registry.k8s.io/kueue/kueue:v0.15.0", "registry.k8s.io/kueue/kueue"),
        ("registry.k8s.io/kueue/kueue@sha256:0abc", "registry.k8s.io/kueue/kueue"),
        ("registry.k8s.io/kueue/kueue:v1@sha256:0abc", "registry.k8s.io/kueue/kueue"),
        ("localhost:5000/app", "localhost:5000/app"),
        ("localhost:5000/app:1", "localhost:5000/app"),
        ("app", "app"),
    ],
)
def test_an_images_repository(image: str, repository: str) -> None:
    assert repository == programs.repository(image)


def test_only_bound_pods_of_known_images_are_ours() -> None:
    assert programs.is_ours(pod())
    assert not programs.is_ours(pod(nodeName=""))
    assert not programs.is_ours(pod(containers=[container(image="example.com/kueue/kueue:v0.15.0")]))


def test_the_first_restart_is_at_once_and_the_later_ones_ever_later() -> None:
    assert [restarts.backoff_s(ends) for ends in range(1, 9)] == [0, 10, 20, 40, 80, 160, 300, 300]


@given(st.integers(min_value=1, max_value=10**6))
def test_the_wait_never_shrinks_and_has_an_end(ends: int) -> None:
    assert restarts.backoff_s(ends) <= restarts.backoff_s(ends + 1) <= restarts.LONGEST_BACKOFF_S


@pytest.mark.parametrize(
    ("policy", "exit_code", "again"),
    [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", -9, True), ("Never", 1, False)],
)
def test_the_restart_policy_decides(policy: str, exit_code: int, again: bool) -> None:  # a parametrised expectation
    assert again == restarts.wanted(policy, exit_code=exit_code)


def test_a_token_is_renewed_after_four_fifths_of_its_life() -> None:
    issued = datetime(2026, 1, 1, tzinfo=UTC)
    token = Token(text="", issued=issued, expires=issued + timedelta(seconds=3600))
    assert not token.renewal_due(issued + timedelta(seconds=2879))
    assert token.renewal_due(issued + timedelta(seconds=2880))


def test_a_probe_waits_for_its_delay_and_then_for_its_period() -> None:
    tracker = Tracker(probe={"initialDelaySeconds": 5, "periodSeconds": 7}, started=100.0)
    assert tracker.due() == 105.0
    tracker.record(passed=True, now=106.0)
    assert tracker.due() == 113.0


def test_a_probe_passes_and_fails_by_results_in_a_row() -> None:
    tracker = Tracker(probe={"successThreshold": 2, "failureThreshold": 2}, started=0.0)
    verdicts = []
    for passed in (True, True, False, True, False, False):
        tracker.record(passed=passed, now=0.0)
        verdicts.append((tracker.passed, tracker.failed))
    assert verdicts == [
        (False, False),
        (True, False),
        (False, False),
        (False, False),
        (False, False),
        (False, True),
    ]


def test_a_probes_port_by_name() -> None:
    declared = container(ports=[{"containerPort": 8081, "name": "health"}])
    assert container_port("health", declared) == 8081
    assert container_port(9, declared) == 9
    with pytest.raises(ContainerError, match="names the port 'x'; the container has 'health'"):
        container_port("x", declared)
