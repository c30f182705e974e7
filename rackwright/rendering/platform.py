"""What the charts of Kueue and JobSet are told, from the cluster's spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from rackwright.specs.platform import JobSet, Kueue

REQUEUE_BASE_S = 60
"""Seconds until a job that didn't get ready in time is tried again; Kueue's default."""

REQUEUE_MAX_S = 600
"""The longest such wait, in seconds. Kueue's default is an hour, too long for a gang whose GPUs are paid for."""

KUEUE_RESOURCES = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "4Gi"}}
"""The chart's limit of 512Mi ends Kueue on large clusters: 1.1 GB were measured with 12,500 nodes."""


def kueue_configuration(kueue: Kueue) -> dict[str, Any]:
    """Kueue's own configuration file, whole.

    `internalCertManagement` is absent because the chart fills it with the names of its own Service and Secret.
    """
    return {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443"},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "controller": {
            "groupKindConcurrency": {
                "Job.batch": 5,
                "Pod": 5,
                "Workload.kueue.x-k8s.io": 5,
                "LocalQueue.kueue.x-k8s.io": 1,
                "ClusterQueue.kueue.x-k8s.io": 1,
                "ResourceFlavor.kueue.x-k8s.io": 1,
            }
        },
        "clientConnection": {"qps": kueue.client_qps, "burst": kueue.client_burst},
        "waitForPodsReady": {
            "timeout": f"{kueue.ready_timeout_s}s",
            "recoveryTimeout": f"{kueue.recovery_timeout_s}s",
            # A gang that waits for a slow host must not hold up the jobs of other teams.
            "blockAdmission": False,
            "requeuingStrategy": {
                # By creation: a job that lost a host keeps its place in the queue.
                "timestamp": "Creation",
                "backoffBaseSeconds": REQUEUE_BASE_S,
                "backoffMaxSeconds": REQUEUE_MAX_S,
            },
        },
        "integrations": {"frameworks": ["batch/job", "jobset.x-k8s.io/jobset"]},
    }


def kueue_values(kueue: Kueue, *, node_labels: Mapping[str, str]) -> dict[str, Any]:
    """The values of Kueue's chart; it runs on hosts with `node_labels`."""
    return {
        "controllerManager": {
            "manager": {
                "image": {
                    "repository": "registry.k8s.io/kueue/kueue",
                    "tag": f"v{kueue.version}",
                    "pullPolicy": "IfNotPresent",
                },
                "resources": KUEUE_RESOURCES,
            },
            "nodeSelector": dict(node_labels),
        },
        "managerConfig": {
            "controllerManagerConfigYaml": yaml.safe_dump(kueue_configuration(kueue), sort_keys=False),
        },
    }


def jobset_values(jobset: JobSet, *, node_labels: Mapping[str, str]) -> dict[str, Any]:
    """The values of JobSet's chart; it runs on hosts with `node_labels`."""
    return {
        "image": {
            "repository": "registry.k8s.io/jobset/jobset",
            "tag": f"v{jobset.version}",
            "pullPolicy": "IfNotPresent",
        },
        "controller": {
            "clientConnection": {"qps": jobset.client_qps, "burst": jobset.client_burst},
            "nodeSelector": dict(node_labels),
        },
    }
