"""The provider on the real control plane, and a namespace for each test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.control_plane import ControlPlane
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.configuration import Kubeconfig
from rehearsal.providers.kubernetes.provider import KubernetesProvider
from rehearsal.providers.model import Instance

Configure = Callable[..., Instance]


@pytest.fixture
def cluster(control_plane: ControlPlane, tmp_path: Path) -> Cluster:
    """The API server itself, to see and to do what others would."""
    return Cluster(Kubeconfig.parse(str(control_plane.kubeconfig("admin"))), temporary=tmp_path)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kind = cluster.kind("v1", "Namespace")
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.apply(kind, body, manager="test", force=False, dry_run=False)
    yield name
    cluster.delete(kind, namespace=None, name=name, propagation="Background")


@pytest.fixture
def configured(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Configure:
    """Make a provider instance whose default namespace is the test's; further options may be given."""

    def configure(**options: object) -> Instance:
        inputs: dict[str, Any] = {"kubeconfig": str(control_plane.kubeconfig("admin")), "namespace": namespace}
        return KubernetesProvider(tmp_path).configure({**inputs, **options})

    return configure
