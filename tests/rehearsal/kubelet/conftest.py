"""A simulated host to put pods on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rehearsal.control_plane import ControlPlane
from tests.kubectl import Host, Kubectl

HOST = "process-host"

BLOCK = "process-block"
"""The host's network block. Kueue 0.15.0 mixes up a block and a host of one name and finds no domain at all."""


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane) -> Iterator[Kubectl]:
    """Kubectl on a control plane with one more host that KWOK plays."""
    run = Kubectl(control_plane)
    offered = {"cpu": "32", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": "8"}
    run.add_hosts(Host(name=HOST, labels={"rehearsal.test/block": BLOCK}, offered=offered))
    yield run
    run("delete", "node", HOST, "--ignore-not-found")
