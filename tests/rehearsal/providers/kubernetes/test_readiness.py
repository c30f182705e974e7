"""When objects count as ready, by kind and by what the program waits for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rehearsal.providers.kubernetes.objects import SKIP_AWAIT, WAIT_FOR
from rehearsal.providers.kubernetes.readiness import Readiness, rule_for
from rehearsal.providers.model import ProviderError

pytestmark = pytest.mark.pure


def inputs(api_version: str, kind: str, **annotations: str) -> dict[str, Any]:
    """A program's object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "annotations": annotations}}


def readiness(api_version: str, kind: str, live: dict[str, Any], **annotations: str) -> Readiness:
    """What the rule for such an object says of a live one."""
    rule = rule_for(inputs(api_version, kind, **annotations))
    assert rule is not None
    return rule({"metadata": {"generation": 2}, "spec": {}, **live})


DEPLOYED = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("api_version", "kind", "live", "verdict"),
    [
        ("apps/v1", "Deployment", {"spec": {"replicas": 2}, "status": DEPLOYED}, "ready"),
        (
            "apps/v1",
            "Deployment",
            {"spec": {"replicas": 2}, "status": {**DEPLOYED, "observedGeneration": 1}},
            "waiting",
        ),
        ("apps/v1", "Deployment", {"spec": {"replicas": 2}, "status": {**DEPLOYED, "replicas": 3}}, "waiting"),
        ("apps/v1", "Deployment", {"spec": {"replicas": 2}, "status": {**DEPLOYED, "availableReplicas": 1}}, "waiting"),
        ("apps/v1", "Deployment", {"spec": {"replicas": 0}, "status": {"observedGeneration": 2}}, "ready"),
        (
            "apps/v1",
            "Deployment",
            {
                "status": {
                    "observedGeneration": 2,
                    "conditions": [
                        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}
                    ],
                }
            },
            "failed",
        ),
        (
            "apps/v1",
            "StatefulSet",
            {"status": {"observedGeneration": 2, "readyReplicas": 1, "updatedReplicas": 1}},
            "ready",
        ),
        ("apps/v1", "StatefulSet", {"status": {"observedGeneration": 2}}, "waiting"),
        (
            "apps/v1",
            "DaemonSet",
            {"status": {"observedGeneration": 2, "desiredNumberScheduled": 3, "numberAvailable": 2}},
            "waiting",
        ),
        ("v1", "Pod", {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}, "ready"),
        ("v1", "Pod", {"status": {"phase": "Succeeded"}}, "ready"),
        ("v1", "Pod", {"status": {"phase": "Failed"}}, "failed"),
        ("v1", "Pod", {"status": {"phase": "Pending"}}, "waiting"),
        ("batch/v1", "Job", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, "ready"),
        ("batch/v1", "Job", {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}, "failed"),
        ("batch/v1", "Job", {"status": {"active": 1}}, "waiting"),
        ("v1", "Namespace", {"status": {"phase": "Active"}}, "ready"),
        ("v1", "Namespace", {"status": {"phase": "Terminating"}}, "waiting"),
        ("v1", "PersistentVolumeClaim", {"status": {"phase": "Pending"}}, "waiting"),
        ("v1", "PersistentVolumeClaim", {"status": {"phase": "Lost"}}, "failed"),
        ("v1", "Service", {"spec": {"type": "ClusterIP"}}, "ready"),
        ("v1", "Service", {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {}}}, "waiting"),
        (
            "v1",
            "Service",
            {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "1"}]}}},
            "ready",
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {"status": {"conditions": [{"type": "Established", "status": "True"}]}},
            "ready",
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {"status": {"conditions": [{"type": "NamesAccepted", "status": "False", "message": "taken"}]}},
            "failed",
        ),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, "waiting"),
    ],
)
def test_kinds_are_ready_by_their_own_signs(api_version: str, kind: str, live: dict[str, Any], verdict: str) -> None:
    """Those that Kubernetes documents for each."""
    assert readiness(api_version, kind, live).verdict == verdict


@pytest.mark.parametrize(
    ("api_version", "kind"), [("v1", "ConfigMap"), ("example.com/v1", "Deployment"), ("v1", "Job")]
)
def test_other_kinds_are_ready_when_they_exist(api_version: str, kind: str) -> None:
    """The group counts as well as the kind."""
    assert rule_for(inputs(api_version, kind)) is None


def test_waiting_can_be_skipped() -> None:
    """By the real provider's annotation."""
    assert rule_for(inputs("apps/v1", "Deployment", **{SKIP_AWAIT: "true"})) is None


STATUS = {
    "status": {
        "phase": "Bound",
        "count": 3,
        "hosts": [{"name": "a"}],
        "conditions": [
            {"type": "Ready", "status": "True"},
            {"type": "Stalled", "status": "False"},
            {"type": "Old", "status": "True", "observedGeneration": 1},
        ],
    },
    "metadata": {"generation": 2, "annotations": {"a.b/c": "x"}},
}


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("condition=Ready", "ready"),
        ("condition=Stalled", "waiting"),
        ("condition=Stalled=False", "ready"),
        ("condition=Old", "waiting"),
        ("condition=Missing", "waiting"),
        ("jsonpath={.status.phase}", "ready"),
        ("jsonpath={.status.phase}=Bound", "ready"),
        ("jsonpath=.status.phase=Lost", "waiting"),
        ("jsonpath={.status.count}=3", "ready"),
        ("jsonpath={.status.hosts[0].name}=a", "ready"),
        ("jsonpath={.status.hosts[1].name}", "waiting"),
        (r"jsonpath={.metadata.annotations.a\.b/c}=x", "ready"),
        (json.dumps(["condition=Missing", "jsonpath={.status.phase}=Bound"]), "ready"),
        (json.dumps(["condition=Missing", "condition=Old"]), "waiting"),
    ],
)
def test_a_program_may_wait_for_conditions_and_values(expression: str, verdict: str) -> None:
    """Any one of several is enough; a condition about an older generation isn't."""
    assert readiness("example.com/v1", "Widget", STATUS, **{WAIT_FOR: expression}).verdict == verdict


@pytest.mark.parametrize(
    "expression",
    ["Ready", "condition=", "jsonpath=", "jsonpath={.a[*].b}", "jsonpath={.a[?(@.b==1)]}", "[]", '["a"', "[1]"],
)
def test_expressions_that_mean_nothing_here_are_refused(expression: str) -> None:
    """Rather than never, or always, being true."""
    with pytest.raises(ProviderError, match=r"pulumi\.com/waitFor"):
        rule_for(inputs("example.com/v1", "Widget", **{WAIT_FOR: expression}))
