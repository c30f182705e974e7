"""An in-process stand-in of the engine, which records what a program declares, asks for and puts out."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto.provider_pb2 import InvokeResponse
from pulumi.runtime.proto.resource_pb2 import (
    RegisterResourceRequest,
    RegisterResourceResponse,
    ResourceInvokeRequest,
)
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _ensure_event_loop

AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()
KUBECONFIG = yaml.safe_dump(
    {
        "clusters": [{"cluster": {"server": "https://10.140.0.2:6443", "certificate-authority-data": AUTHORITY}}],
        "users": [{"user": {"exec": {"command": "oci", "args": ["ce", "cluster", "generate-token"]}}}],
    }
)
"""As Oracle writes it, as far as the programs read it."""

CLOUD_OUTPUTS = {"cluster_id": "the-cluster", "kubeconfig": KUBECONFIG}
"""What the part in the cloud has put out, where the part inside is declared."""

STACK = "pulumi:pulumi:Stack"

LOOK_UPS: dict[str, dict[str, Any]] = {
    "oci:ContainerEngine/getClusterOption:getClusterOption": {"kubernetesVersions": ["v1.35.2", "v1.36.3"]},
    "oci:ContainerEngine/getNodePoolOption:getNodePoolOption": {
        "sources": [
            {"sourceName": f"Oracle-Linux-8.10-2026.0{month}.01-0-OKE-1.36.3-{month}", "imageId": f"image-{month}"}
            for month in (8, 9)
        ]
    },
    "oci:Identity/getAvailabilityDomains:getAvailabilityDomains": {"availabilityDomains": [{"name": "AbCd:AD-1"}]},
    "oci:Core/getServices:getServices": {
        "services": [
            {"name": "OCI ORD Object Storage", "id": "service-1", "cidrBlock": "oci-ord-objectstorage"},
            {"name": "All ORD Services In Oracle Services Network", "id": "service-2", "cidrBlock": "all-ord-services"},
        ]
    },
    "oci:Identity/getRegionSubscriptions:getRegionSubscriptions": {
        "regionSubscriptions": [
            {"regionName": "us-chicago-1", "isHomeRegion": False},
            {"regionName": "us-ashburn-1", "isHomeRegion": True},
        ]
    },
    "oci:ContainerEngine/getClusterKubeConfig:getClusterKubeConfig": {"content": KUBECONFIG},
    "oci:ContainerEngine/getClusters:getClusters": {"clusters": []},
}

COMPUTED: dict[str, dict[str, Any]] = {
    "oci:Core/vcn:Vcn": {"defaultSecurityListId": "default-security-list"},
    "oci:ContainerEngine/cluster:Cluster": {
        "endpoints": [{"privateEndpoint": "10.140.0.2:6443", "publicEndpoint": "198.51.100.7:6443"}]
    },
}
"""What Oracle adds to what was asked for."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource as the engine is asked to make it."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    provider: str
    custom: bool
    create_timeout: str


@dataclass
class Run(mocks.Mocks):
    """What one run of a program declared, asked for and put out."""

    preview: bool
    resources: list[Declared] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    """The stacks that it reads of."""
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: set[str] = field(default_factory=set)
    look_ups: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(LOOK_UPS))

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answer a look-up."""
        self.calls[args.token] = args.args
        return self.look_ups[args.token], []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Make a resource: its identifier is type and name; a preview knows neither it nor what Oracle computes."""
        if args.typ == "pulumi:pulumi:StackReference":
            self.references.append(args.name)
            known = {"outputs": CLOUD_OUTPUTS, "secretOutputNames": ["kubeconfig"]}
            return args.name, {"name": args.name, **known}
        if self.preview:
            return None, args.inputs
        return f"{args.typ}::{args.name}", {**args.inputs, **COMPUTED.get(args.typ, {})}

    def of(self, type_: str) -> list[Declared]:
        """The resources of a type, whose token ends so."""
        return [each for each in self.resources if each.type.endswith(type_)]

    def one(self, type_: str) -> Declared:
        """The only resource of a type."""
        [resource] = self.of(type_)
        return resource


class RecordingMonitor(mocks.MockMonitor):
    """Records what the SDK's mocks leave out: parents, dependencies and timeouts."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.run = run
        self.loops: set[asyncio.AbstractEventLoop] = set()

    def Invoke(self, request: ResourceInvokeRequest) -> InvokeResponse:  # noqa: N802 - the protocol's name
        """Answer a look-up."""
        self.note_loop()
        answer: InvokeResponse = super().Invoke(request)  # type: ignore[no-untyped-call]  # the SDK's mocks are untyped
        return answer

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: RegisterResourceRequest
    ) -> RegisterResourceResponse:
        """Make a resource and note it."""
        self.note_loop()
        answer: RegisterResourceResponse = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as above
        if request.type == STACK:  # made once for all runs of a process
            return answer
        self.run.resources.append(
            Declared(
                type=request.type,
                name=request.name,
                urn=answer.urn,
                parent=request.parent,
                inputs=rpc.deserialize_properties(request.object),
                depends_on=frozenset(request.dependencies),
                provider=request.provider,
                custom=request.custom,
                create_timeout=request.customTimeouts.create,
            )
        )
        return answer

    def note_loop(self) -> None:
        """Note the event loop that the SDK's mocks make for each of its threads and leave open."""
        self.loops.add(_ensure_event_loop())  # type: ignore[no-untyped-call]  # as above


def run_program(program: Callable[[], dict[str, Any]], run: Run, *, stack: str = "test") -> Run:
    """Run a program to its end, on an event loop of its own, so that nothing of it runs on into the next test."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monitor = RecordingMonitor(run)
    mocks.set_mocks(
        run, project="rackwright", stack=stack, organization="organization", preview=run.preview, monitor=monitor
    )

    async def settle(name: str, value: object) -> None:
        output = pulumi.Output.from_input(value)
        run.outputs[name] = await output.future()
        if await output.is_secret():
            run.secret_outputs.add(name)

    values: dict[str, Any] = {}
    try:
        loop.run_until_complete(run_pulumi_func(lambda: values.update(program())))
        for name, value in values.items():
            loop.run_until_complete(settle(name, value))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        for each in {loop, *monitor.loops}:
            each.close()
    return run
