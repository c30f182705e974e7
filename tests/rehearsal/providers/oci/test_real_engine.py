"""The real Pulumi engine and the official SDK on the installed stand-in: the life of a cluster's pools."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_oci as oci
import pytest
import yaml
from kubernetes import client, config
from pulumi import automation

from rackwright.rendering.nodes import NODE_DOCUMENT_PATH
from rehearsal.cloud.layout import LEVELS
from rehearsal.cloud.state import FILE, Store
from rehearsal.control_plane import ControlPlane
from rehearsal.providers import plugins

pytestmark = pytest.mark.control_plane

TENANCY = "ocid1.tenancy.oc1..aaaaaaaacccc"
COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaabbbb"
IMAGE = "ocid1.image.oc1.us-chicago-1.aaaaaaaadddd"
POOL = "oci-stand-in-test"
PARTS_OF_A_REPLACEMENT = ("create-replacement", "delete-replaced")
TOPOLOGY = {level.metadata_key: f"test.rackwright.dev/{level.kind}" for level in LEVELS}


def user_data() -> str:
    node = {
        "labels": {"rackwright.dev/pool": POOL},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
        "topology": TOPOLOGY,
    }
    files = {"write_files": [{"path": NODE_DOCUMENT_PATH, "content": json.dumps(node)}]}
    return base64.b64encode(f"#cloud-config\n{yaml.safe_dump(files)}".encode()).decode()


@dataclass
class Program:
    """What the stack declares; the test changes it between runs."""

    version: str
    services: str
    hosts: int = 40
    public: bool = False

    def __call__(self) -> None:
        """Declare a network, a cluster, and a pool of GPU hosts."""
        options = pulumi.ResourceOptions(provider=oci.Provider("oracle", region="us-chicago-1"))
        invoking = pulumi.InvokeOptions(provider=options.provider)
        domain = oci.identity.get_availability_domains(compartment_id=TENANCY, opts=invoking).availability_domains[0]
        vcn = oci.core.Vcn("vcn", compartment_id=COMPARTMENT, cidr_blocks=["10.140.0.0/16"], opts=options)
        subnet = oci.core.Subnet(
            "nodes", compartment_id=COMPARTMENT, vcn_id=vcn.id, cidr_block="10.140.0.0/19", opts=options,
            prohibit_public_ip_on_vnic=not self.public,
        )  # fmt: skip
        cluster = oci.containerengine.Cluster(
            "cluster",
            name="east",
            compartment_id=COMPARTMENT,
            vcn_id=vcn.id,
            type="ENHANCED_CLUSTER",
            kubernetes_version=self.version,
            options=oci.containerengine.ClusterOptionsArgs(
                kubernetes_network_config=oci.containerengine.ClusterOptionsKubernetesNetworkConfigArgs(
                    services_cidr=self.services
                )
            ),
            opts=options,
        )
        configuration = oci.core.InstanceConfiguration(
            "configuration",
            compartment_id=COMPARTMENT,
            instance_details=oci.core.InstanceConfigurationInstanceDetailsArgs(
                instance_type="compute",
                launch_details=oci.core.InstanceConfigurationInstanceDetailsLaunchDetailsArgs(
                    shape="BM.GPU.H100.8",
                    metadata={"apiserver_host": cluster.endpoints[0].private_endpoint, "user_data": user_data()},
                ),
            ),
            opts=options,
        )
        oci.core.ClusterNetwork(
            "h100",
            compartment_id=COMPARTMENT,
            instance_pools=[
                oci.core.ClusterNetworkInstancePoolArgs(instance_configuration_id=configuration.id, size=self.hosts)
            ],
            placement_configuration=oci.core.ClusterNetworkPlacementConfigurationArgs(
                availability_domain=domain.name, primary_subnet_id=subnet.id
            ),
            opts=options,
        )
        kubeconfig = oci.containerengine.get_cluster_kube_config_output(cluster_id=cluster.id, opts=invoking)
        pulumi.export("kubeconfig", kubeconfig.content)


@pytest.fixture
def program(control_plane: ControlPlane) -> Program:
    facts = control_plane.state.facts()
    return Program(version=facts["kubernetes_version"], services=facts["service_cidr"])


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loop that the SDK leaves open when a program fails (pulumi 3.250, automation/_server.py)."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def noted() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", noted)
    yield
    for loop in made:
        loop.close()


@pytest.fixture
def stack(
    loops: None,  # noqa: ARG001  # closes after the stack is gone
    control_plane: ControlPlane,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[automation.Stack]:
    """A stack on a state backend and a PULUMI_HOME of its own; whatever is left of it is destroyed."""
    home, backend = tmp_path / "home", tmp_path / "backend"
    home.mkdir()
    backend.mkdir()
    plugins.install(home, state=control_plane.state.root, python=Path(sys.executable))
    monkeypatch.setenv("PATH", f"{control_plane.toolbox.bin_directory()}:/usr/bin:/bin")
    environment = {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = automation.create_or_select_stack(
        "dev", "pools", program, opts=automation.LocalWorkspaceOptions(env_vars=environment)
    )
    yield made
    made.destroy()


def previewed(stack: automation.Stack) -> dict[str, tuple[str, set[str]]]:
    """What the engine would do to each resource that isn't left as it is, with the paths that differ."""
    steps: dict[str, tuple[str, set[str]]] = {}

    def take(event: automation.EngineEvent) -> None:
        if event.resource_pre_event and event.resource_pre_event.metadata.op != "same":
            metadata = event.resource_pre_event.metadata
            operation = str(getattr(metadata.op, "value", metadata.op))
            if operation in PARTS_OF_A_REPLACEMENT:
                return
            steps[metadata.urn.rsplit("::", 1)[-1]] = operation, set(metadata.detailed_diff or {})

    stack.preview(on_event=take)
    return steps


def refusal(stack: automation.Stack) -> str:
    """What an update that fails says."""
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    return str(caught.value)


def nodes(control_plane: ControlPlane) -> list[Any]:
    path = str(control_plane.kubeconfig("admin"))
    api = client.CoreV1Api(config.new_client_from_config(path))  # type: ignore[no-untyped-call]  # not annotated
    found: list[Any] = api.list_node(label_selector=f"rackwright.dev/pool={POOL}").items
    return found


def test_a_pool_comes_grows_shrinks_and_goes(
    stack: automation.Stack, program: Program, control_plane: ControlPlane
) -> None:
    first = previewed(stack)
    assert {operation for operation, _ in first.values()} == {"create"}
    assert "h100" in first
    assert nodes(control_plane) == []

    outputs = stack.up().outputs
    up = nodes(control_plane)
    assert len(up) == 40
    domains = {key: {node.metadata.labels[label] for node in up} for key, label in TOPOLOGY.items()}
    assert [len(domains[level.metadata_key]) for level in LEVELS] == [1, 1, 2, 40]
    assert {node.status.allocatable["nvidia.com/gpu"] for node in up} == {"8"}
    assert {taint.key for taint in up[0].spec.taints} >= {"nvidia.com/gpu"}
    assert "client-key-data" not in outputs["kubeconfig"].value
    assert previewed(stack) == {}

    program.hosts = 64
    assert previewed(stack) == {"h100": ("update", {"instancePools[0].size"})}
    stack.up()
    assert len(nodes(control_plane)) == 64

    program.hosts = 10
    stack.up()
    oldest = {host.address for host in Store(control_plane.state.root).read().hosts.values()}
    assert {node.metadata.name for node in nodes(control_plane)} == oldest
    assert oldest < {node.metadata.name for node in up}

    program.public = True
    assert previewed(stack)["nodes"] == ("replace", {"prohibitPublicIpOnVnic"})
    program.public = False

    program.hosts = 13_000
    assert "Out of host capacity" in refusal(stack)
    assert len(nodes(control_plane)) == 10

    stack.refresh()
    program.hosts = 10
    assert previewed(stack) == {}

    stack.destroy()
    assert nodes(control_plane) == []
    left = json.loads((control_plane.state.root / FILE).read_text(encoding="utf-8"))
    assert (left["records"], left["hosts"]) == ({}, {})
