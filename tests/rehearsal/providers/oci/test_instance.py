"""The stand-in through Pulumi's protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from rehearsal.cloud.state import Store
from rehearsal.providers import values
from rehearsal.providers.oci.provider import OciProvider
from rehearsal.providers.values import UNKNOWN, Secret

Stub = provider_pb2_grpc.ResourceProviderStub
Connect = Callable[[OciProvider], AbstractContextManager[Stub]]

pytestmark = pytest.mark.mocked

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaabbbb"
VCN = "oci:Core/vcn:Vcn"
POLICY = "oci:Identity/policy:Policy"
NETWORK = {"compartmentId": COMPARTMENT, "cidrBlocks": ["10.0.0.0/16"], "dnsLabel": "east"}


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::p::{kind}::thing"


@pytest.fixture
def stub(connect: Connect, tmp_path: Path) -> Iterator[Stub]:
    """A provider that is configured for a region."""
    with connect(OciProvider(tmp_path)) as stub:
        stub.Configure(provider_pb2.ConfigureRequest(args=values.to_struct({"region": "us-chicago-1"})))
        yield stub


def checked(stub: Stub, kind: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # protobuf
    request = provider_pb2.CheckRequest(
        urn=urn(kind), news=values.to_struct(inputs), olds=values.to_struct(old or {}), randomSeed=b"seed"
    )
    return stub.Check(request)


def create(stub: Stub, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
    request = provider_pb2.CreateRequest(urn=urn(VCN), properties=values.to_struct(inputs), preview=preview)
    answer = stub.Create(request)
    return answer.id, values.from_struct(answer.properties)


def diff(stub: Stub, kind: str, old: dict[str, Any], new: dict[str, Any]) -> Any:  # noqa: ANN401  # protobuf
    return stub.Diff(
        provider_pb2.DiffRequest(
            id="i", urn=urn(kind), old_inputs=values.to_struct(old), olds=values.to_struct(old),
            news=values.to_struct(new),
        )
    )  # fmt: skip


def test_failures_belong_to_properties(stub: Stub) -> None:
    failures = {
        each.property: each.reason for each in checked(stub, VCN, {"cidrBlocks": "10.0.0.0/16", "a": 1}).failures
    }
    assert failures.keys() == {"compartmentId", "cidrBlocks", "a"}
    assert "list required, not '10.0.0.0/16'" in failures["cidrBlocks"]


def test_unknown_inputs_stay_unknown(stub: Stub) -> None:
    answer = checked(stub, VCN, {**NETWORK, "compartmentId": UNKNOWN})
    assert not answer.failures
    assert values.from_struct(answer.inputs)["compartmentId"] is UNKNOWN


def test_a_name_is_made_up_once_and_kept(stub: Stub) -> None:
    given = {"compartmentId": COMPARTMENT, "description": "d", "statements": ["Allow any-user to read x in tenancy"]}
    first = values.from_struct(checked(stub, POLICY, given).inputs)
    assert first["name"].startswith("thing-")
    assert (
        values.from_struct(checked(stub, POLICY, given, {**given, "name": "thing-old"}).inputs)["name"] == "thing-old"
    )
    assert values.from_struct(checked(stub, POLICY, {**given, "name": "mine"}).inputs)["name"] == "mine"


def test_a_preview_of_a_creation_knows_inputs_and_makes_nothing(stub: Stub, tmp_path: Path) -> None:
    identifier, outputs = create(stub, {**NETWORK, "displayName": UNKNOWN}, preview=True)
    assert identifier == ""
    assert outputs == {**NETWORK, "displayName": UNKNOWN}
    assert not Store(tmp_path).read().records


def test_secrets_stay_secret(stub: Stub) -> None:
    _, outputs = create(stub, {**NETWORK, "displayName": Secret("hush")})
    assert outputs["displayName"] == Secret("hush")


def test_an_update_and_a_replacement_are_told_apart_by_their_paths(stub: Stub) -> None:
    answer = diff(stub, VCN, NETWORK, {**NETWORK, "displayName": "new", "freeformTags": {"a.b": "c"}})
    assert set(answer.detailedDiff) == {"displayName", "freeformTags"}
    assert not answer.replaces
    answer = diff(stub, VCN, NETWORK, {**NETWORK, "dnsLabel": "west"})
    assert list(answer.replaces) == ["dnsLabel"]
    assert answer.detailedDiff["dnsLabel"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert diff(stub, VCN, NETWORK, NETWORK).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_resource_is_read_with_the_inputs_that_the_program_gives(stub: Stub) -> None:
    identifier, outputs = create(stub, NETWORK)
    request = provider_pb2.ReadRequest(
        id=identifier, urn=urn(VCN), inputs=values.to_struct(NETWORK), properties=values.to_struct(outputs)
    )
    answer = stub.Read(request)
    assert values.from_struct(answer.inputs) == NETWORK
    assert values.from_struct(answer.properties) == outputs
    imported = stub.Read(provider_pb2.ReadRequest(id=identifier, urn=urn(VCN)))
    assert values.from_struct(imported.inputs) == NETWORK


def test_what_is_gone_reads_as_gone_and_deletes_well(stub: Stub) -> None:
    identifier, _ = create(stub, NETWORK)
    for _ in range(2):
        stub.Delete(provider_pb2.DeleteRequest(id=identifier, urn=urn(VCN)))
    assert stub.Read(provider_pb2.ReadRequest(id=identifier, urn=urn(VCN))).id == ""


def test_oracles_refusals_reach_the_user_in_its_words(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, {**NETWORK, "cidrBlocks": ["10.0.1.0/16"]})
    assert "400-InvalidParameter, The requested CIDR 10.0.1.0/16 is invalid" in str(caught.value.details())


@pytest.mark.parametrize("token", ["oci:Core/getDrgs:getDrgs"])
def test_an_unmodelled_look_up_is_an_error_that_names_it(stub: Stub, token: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Invoke(provider_pb2.InvokeRequest(tok=token))
    assert token in str(caught.value.details())


def test_an_unmodelled_type_is_an_error_that_names_it(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        checked(stub, "oci:Core/drg:Drg", {})
    assert "oci:Core/drg:Drg is not modelled" in str(caught.value.details())


def test_a_provider_needs_a_region(connect: Connect, tmp_path: Path) -> None:
    with connect(OciProvider(tmp_path)) as stub:
        with pytest.raises(grpc.RpcError) as caught:
            stub.Configure(provider_pb2.ConfigureRequest())
        assert "did not find a proper configuration for region" in str(caught.value.details())
        answer = stub.CheckConfig(provider_pb2.CheckRequest(news=values.to_struct({"region": "Chicago"})))
        assert [failure.property for failure in answer.failures] == ["region"]
