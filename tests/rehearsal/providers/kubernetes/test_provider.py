"""The provider through its protocol, where no cluster is needed, or none is there."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from rehearsal.providers import values
from rehearsal.providers.kubernetes.provider import KubernetesProvider
from rehearsal.providers.model import Provider
from rehearsal.providers.values import UNKNOWN, Secret

Connect = Callable[[Provider], AbstractContextManager[ResourceProviderStub]]

pytestmark = pytest.mark.mocked


@pytest.fixture
def unreachable() -> Iterator[str]:
    """A kubeconfig of a server that isn't there: its port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{taken.getsockname()[1]}"
        yield json.dumps(
            {
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
            }
        )


@pytest.fixture
def stub(connect: Connect, tmp_path: Path) -> Iterator[ResourceProviderStub]:
    """A connection that isn't configured yet."""
    with connect(KubernetesProvider(tmp_path)) as stub:
        yield stub


def configure(stub: ResourceProviderStub, **inputs: object) -> None:
    """Configure as the engine does."""
    stub.Configure(provider_pb2.ConfigureRequest(args=values.to_struct(inputs)))


def urn(kind: str) -> str:
    """A resource's URN."""
    return f"urn:pulumi:dev::project::{kind}::name"


def refused(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """What the engine would show."""
    return str(error.value.details())


CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}


def test_an_unknown_kubeconfig_passes_the_check_and_stays_secret(stub: ResourceProviderStub) -> None:
    """The engine then neither configures nor asks for resources."""
    news = values.to_struct({"kubeconfig": Secret(UNKNOWN)})
    response = stub.CheckConfig(provider_pb2.CheckRequest(urn=urn("pulumi:providers:kubernetes"), news=news))
    assert not response.failures
    assert values.from_struct(response.inputs) == {"kubeconfig": Secret(UNKNOWN)}


@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:yaml/v2:ConfigGroup",
        "kubernetes:kustomize/v2:Directory",
        "kubernetes:apps/v1:DeploymentPatch",
    ],
)
def test_types_that_are_not_modelled_are_named(stub: ResourceProviderStub, unreachable: str, kind: str) -> None:
    """As a resource and as a component."""
    configure(stub, kubeconfig=unreachable)
    with pytest.raises(grpc.RpcError) as checked:
        stub.Check(provider_pb2.CheckRequest(urn=urn(kind), news=values.to_struct(CONFIG_MAP)))
    assert f"{kind} is not modelled" in refused(checked)
    with pytest.raises(grpc.RpcError) as constructed:
        stub.Construct(provider_pb2.ConstructRequest(type=kind))
    assert f"{kind} is not modelled" in refused(constructed)


def test_look_ups_are_refused_by_name(stub: ResourceProviderStub, unreachable: str) -> None:
    """The stacks make none."""
    configure(stub, kubeconfig=unreachable)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:helm:template"))
    assert "kubernetes:helm:template" in refused(caught)


@pytest.mark.parametrize(
    ("inputs", "properties"),
    [
        ({}, ["apiVersion", "kind"]),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": "x"}, ["metadata"]),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x"}}, ["metadata.generateName"]),
    ],
)
def test_objects_that_are_none_fail_their_check(
    stub: ResourceProviderStub, unreachable: str, inputs: dict[str, Any], properties: list[str]
) -> None:
    """Before any request to the cluster."""
    configure(stub, kubeconfig=unreachable)
    request = provider_pb2.CheckRequest(urn=urn("kubernetes:core/v1:ConfigMap"), news=values.to_struct(inputs))
    assert [failure.property for failure in stub.Check(request).failures] == properties


def test_a_type_without_a_group_is_refused_as_the_official_plugin_refuses_it(
    stub: ResourceProviderStub, unreachable: str
) -> None:
    """The core group is `core` in Pulumi; `CustomResource` with `api_version="v1"` leaves it out."""
    configure(stub, kubeconfig=unreachable)
    request = provider_pb2.CheckRequest(urn=urn("kubernetes:v1:ConfigMap"), news=values.to_struct(CONFIG_MAP))
    (failure,) = stub.Check(request).failures
    assert failure.reason.startswith('apiVersion does not have both a group and a version: "v1"')


def test_a_cluster_that_is_not_there_is_named_with_the_remedy(stub: ResourceProviderStub, unreachable: str) -> None:
    """Configuring succeeds; the resource that needs the cluster fails."""
    configure(stub, kubeconfig=unreachable)
    request = provider_pb2.CreateRequest(
        urn=urn("kubernetes:core/v1:ConfigMap"), properties=values.to_struct(CONFIG_MAP), preview=True
    )
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(request)
    server = json.loads(unreachable)["clusters"][0]["cluster"]["server"]
    assert f"the Kubernetes API server at {server} can't be reached" in refused(caught)
    assert "check the provider's kubeconfig" in refused(caught)


def test_objects_of_a_cluster_that_is_gone_can_be_given_up(stub: ResourceProviderStub, unreachable: str) -> None:
    """With deleteUnreachable, reading says gone and deleting succeeds."""
    configure(stub, kubeconfig=unreachable, deleteUnreachable="true")
    state = values.to_struct(CONFIG_MAP)
    kind = urn("kubernetes:core/v1:ConfigMap")
    assert stub.Read(provider_pb2.ReadRequest(urn=kind, id="b/a", inputs=state, properties=state)).id == ""
    stub.Delete(provider_pb2.DeleteRequest(urn=kind, id="b/a", properties=state))


@pytest.mark.parametrize(
    ("inputs", "properties"),
    [
        ({"chart": "oci://somewhere/kueue", "version": "9.9.9"}, ["chart"]),
        ({"chart": "nothing-of-this-name"}, ["chart"]),
        ({"chart": UNKNOWN, "postrender": "sh"}, ["postrender"]),
        ({"chart": UNKNOWN, "name": "n" * 54}, ["name"]),
        ({"chart": UNKNOWN, "values": UNKNOWN}, []),
    ],
)
def test_releases_that_are_not_modelled_fail_their_check(
    stub: ResourceProviderStub, unreachable: str, inputs: dict[str, Any], properties: list[str]
) -> None:
    """A chart that isn't pinned, another version than the pinned one, an option that does nothing here."""
    configure(stub, kubeconfig=unreachable)
    request = provider_pb2.CheckRequest(urn=urn("kubernetes:helm.sh/v3:Release"), news=values.to_struct(inputs))
    assert [failure.property for failure in stub.Check(request).failures] == properties


def test_a_secrets_data_is_secret_whatever_the_program_says(stub: ResourceProviderStub, unreachable: str) -> None:
    """Also where kubectl repeats it."""
    configure(stub, kubeconfig=unreachable)
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "a",
            "namespace": "b",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        "data": {"a": "eA=="},
        "stringData": {"b": "y"},
    }
    request = provider_pb2.CheckRequest(urn=urn("kubernetes:core/v1:Secret"), news=values.to_struct(inputs))
    checked = values.from_struct(stub.Check(request).inputs)
    assert checked["data"] == Secret({"a": "eA=="})
    assert checked["stringData"] == Secret({"b": "y"})
    assert checked["metadata"]["annotations"] == {"kubectl.kubernetes.io/last-applied-configuration": Secret("{}")}
