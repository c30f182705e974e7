"""Fixtures for all tiers: the pinned tools, and a real control plane with Kueue and JobSet for each process of tests.

All of them are made on first use, whatever test that is, and shared from then on. So a test uses names of its own, and
leaves hosts, queues and controllers as it found them.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml

from rackwright.rendering.nodes import pool_labels
from rackwright.rendering.platform import jobset_values, kueue_values
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.crd import training_job_crd
from rehearsal import processes, state, tools
from rehearsal.control_plane import ControlPlane
from tests.kubectl import Host, Kubectl

# No test measures time: on a busy machine an example may take longer than Hypothesis' 200 ms.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

STOP_GRACE_S = 1.0
"""Seconds between SIGTERM and SIGKILL for a control plane that nobody needs any more."""


def pytest_configure() -> None:
    """Take interruptions as in a terminal, also where the starter (nohup, a shell's `&`) ignores them."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole rehearsals first: they take longest, and where processes share the tests out, none waits for them alone."""
    items.sort(key=lambda item: "scenario" not in item.path.parts)


@pytest.fixture(scope="session")
def toolbox() -> tools.Toolbox:
    """All pinned tools, built when they aren't there yet."""
    return tools.ensure()


@pytest.fixture(scope="session")
def cluster_spec() -> ClusterSpec:
    """Ten hosts in two blocks, of which two are spares; two teams."""
    return load_document(Path(__file__).parent / "cluster.yaml", ClusterSpec)


@pytest.fixture(scope="session")
def control_plane(toolbox: tools.Toolbox) -> Iterator[ControlPlane]:
    """A running control plane that all tests of the process share; each test uses names of its own in it."""
    # A short path: the Unix sockets in it may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="rackwright-") as parent:
        directory = state.create(Path(parent))
        with directory.owned():
            try:
                yield ControlPlane.start(directory, toolbox)
            finally:
                processes.stop_marked(directory.id, grace_s=STOP_GRACE_S)


@pytest.fixture(scope="session")
def training_jobs(control_plane: ControlPlane) -> Kubectl:
    """The TrainingJob's definition, with nobody to act on jobs."""
    kubectl = Kubectl(control_plane)
    definition = training_job_crd()
    kubectl.apply(definition)
    kubectl.wait("--for=condition=Established", f"crd/{definition['metadata']['name']}")
    return kubectl


@pytest.fixture(scope="session")
def controllers(control_plane: ControlPlane, cluster_spec: ClusterSpec) -> Kubectl:
    """Kueue and JobSet from their charts, as the stack sets them up, on a system host of their own."""
    kubectl = Kubectl(control_plane)
    offered = {"cpu": "32", "memory": "64Gi", "pods": "110"}
    labels, platform = pool_labels(cluster_spec.system_pool), cluster_spec.platform
    kubectl.add_hosts(Host(name="system", labels=labels, offered=offered))
    values = {
        "jobset": jobset_values(platform.jobset, node_labels=labels),
        "kueue": kueue_values(platform.kueue, node_labels=labels),
    }
    for name, its in values.items():
        kubectl("create", "namespace", f"{name}-system")
        kubectl("apply", "--server-side", "--filename=-", text=_rendered(kubectl, name, its))
    for name in values:
        kubectl.wait_for_deployments(f"{name}-system")
    return kubectl


def _rendered(kubectl: Kubectl, name: str, values: dict[str, Any]) -> str:
    """A chart's objects, as Helm makes them of these values."""
    toolbox = kubectl.control_plane.toolbox
    chart = str(toolbox.asset(f"{name}-chart"))
    command = [str(toolbox.program("helm")), "template", name, chart, f"--namespace={name}-system", "--include-crds"]
    text = yaml.safe_dump(values)
    return subprocess.run([*command, "--values=-"], input=text, capture_output=True, text=True, check=True).stdout
