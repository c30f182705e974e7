"""Kueue's queues on a cluster, as far as a job's submission asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rackwright.jobs.connection import ANSWER_S, Connection, client_errors

KUEUE = ("kueue.x-k8s.io", "v1beta2")
"""Kueue's API group and version."""


@dataclass(frozen=True)
class Queues:
    """The queues of a cluster."""

    connection: Connection

    def local_queue(self, namespace: str, name: str) -> dict[str, Any]:
        """A team's queue."""
        with client_errors(f"read queue {namespace}/{name}"):
            found: dict[str, Any] = self.connection.custom_objects.get_namespaced_custom_object(
                *KUEUE, namespace, "localqueues", name, _request_timeout=ANSWER_S
            )
        return found

    def local_queues(self, namespace: str) -> list[str]:
        """The names of a namespace's queues."""
        with client_errors(f"list queues of {namespace}"):
            found = self.connection.custom_objects.list_namespaced_custom_object(
                *KUEUE, namespace, "localqueues", _request_timeout=ANSWER_S
            )
        return [item["metadata"]["name"] for item in found["items"]]

    def cluster_queues(self) -> list[dict[str, Any]]:
        """All ClusterQueues."""
        with client_errors("list cluster queues"):
            items: list[dict[str, Any]] = self.connection.custom_objects.list_cluster_custom_object(
                *KUEUE, "clusterqueues", _request_timeout=ANSWER_S
            )["items"]
        return items
