"""The protocol's side of a provider: what the engine gets for what a provider's plain Python does."""

# ruff: noqa: ARG002  # the provider under the protocol has the arguments of the interface

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.providers import differences, serving, values
from rehearsal.providers.differences import Difference
from rehearsal.providers.model import (
    Checked,
    Failure,
    InitializationError,
    Instance,
    InvocationError,
    NotModelledError,
    Provider,
    ProviderError,
    Resource,
    State,
)
from rehearsal.providers.values import UNKNOWN, Path, Properties, Secret

Connect = Callable[[Provider], AbstractContextManager[provider_pb2_grpc.ResourceProviderStub]]

pytestmark = pytest.mark.mocked

COUNT = "shelf:index:count"
URN = "urn:pulumi:dev::project::parent:index:Parent$shelf:index:Book::moby"


class Shelf(Instance):
    """Books in memory."""

    def __init__(self, owner: str) -> None:
        """Belong to someone."""
        self.owner = owner
        self.seen: list[Properties] = []
        self.cancelled = False

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Titles are needed."""
        self.seen.append(new_inputs)
        failures = [] if "title" in new_inputs else [Failure("title", "title is missing; give one")]
        return Checked({"pages": 1, **new_inputs}, failures)

    def diff(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
    ) -> Difference:
        """Titles can't change."""
        return differences.compare(old_inputs, new_inputs, immutable=[("title",)], delete_before_replace=True)

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Put it on the shelf."""
        self.seen.append(inputs)
        outputs = {**inputs, "owner": self.owner, "isbn": UNKNOWN if preview else "1", "type": resource.type}
        if inputs["title"] == "torn":
            raise InitializationError(["a page is missing"], resource_id="torn", outputs=outputs)
        if inputs["title"] == "banned":
            raise ProviderError("this one is banned")
        if inputs["title"] == "scroll":
            raise NotModelledError("scrolls are not modelled")
        if inputs["title"] == "burning":
            raise RuntimeError("fire")
        return State(id="" if preview else "moby", outputs=outputs)

    def read(self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties) -> State | None:
        """Lost books are gone."""
        if resource_id == "lost":
            return None
        return State(id=resource_id, inputs=inputs, outputs=outputs)

    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,
    ) -> Properties:
        """Write over it."""
        return {**old_outputs, **new_inputs}

    def delete(
        self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties, timeout_s: float
    ) -> None:
        """Burn it."""
        self.seen.append(outputs)

    def invoke(self, token: str, *, arguments: Properties, preview: bool) -> Properties:
        """Count pages, of positive numbers of books."""
        if token != COUNT:
            return super().invoke(token, arguments=arguments, preview=preview)
        if arguments["books"] < 0:
            raise InvocationError([Failure("books", "books: found a negative number")])
        return {"pages": arguments["books"] * 100}

    def secret_paths(self, resource: Resource, properties: Properties) -> set[Path]:
        """Diaries are nobody's business."""
        return {("diary",)}

    def cancel(self) -> None:
        """Remember."""
        self.cancelled = True


class Library(Provider):
    """Makes shelves."""

    name = "shelf"
    version = "1.2.3"

    def __init__(self) -> None:
        """Have no shelves yet."""
        self.shelves: list[Shelf] = []

    def configure(self, inputs: Properties) -> Shelf:
        """Make a shelf."""
        if "owner" not in inputs:
            raise ProviderError("owner is missing")
        self.shelves.append(Shelf(inputs["owner"]))
        return self.shelves[-1]


@pytest.fixture
def library() -> Library:
    """The provider under the protocol."""
    return Library()


@pytest.fixture
def stub(library: Library, connect: Connect) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """A connection whose configuration is known."""
    with connect(library) as stub:
        configure(stub, owner="ahab")
        yield stub


def configure(stub: provider_pb2_grpc.ResourceProviderStub, **inputs: object) -> provider_pb2.ConfigureResponse:
    """Configure as the engine does."""
    response: provider_pb2.ConfigureResponse = stub.Configure(
        provider_pb2.ConfigureRequest(args=values.to_struct(inputs))
    )
    return response


def create(
    stub: provider_pb2_grpc.ResourceProviderStub, *, preview: bool = False, **inputs: object
) -> provider_pb2.CreateResponse:
    """Create as the engine does."""
    request = provider_pb2.CreateRequest(urn=URN, properties=values.to_struct(inputs), preview=preview)
    response: provider_pb2.CreateResponse = stub.Create(request)
    return response


def refused(error: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """What the engine would show."""
    return str(error.value.details())


def test_the_engine_learns_versions_and_capabilities(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """Secrets are accepted; previews come here too."""
    assert stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1")).accept_secrets
    assert stub.GetPluginInfo(empty_pb2.Empty()).version == "1.2.3"
    stub.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    response = configure(stub, owner="ishmael")
    assert response.acceptSecrets
    assert response.supportsPreview


def test_each_connection_has_a_configuration_of_its_own(library: Library) -> None:
    """One server may be attached to by several provider resources."""
    server, port = serving.start(library)
    # Channels to the same address share a connection unless they are told not to
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(f"127.0.0.1:{port}", options=options) for _ in range(2)]
    stubs = [provider_pb2_grpc.ResourceProviderStub(channel) for channel in channels]
    try:
        for stub, owner in zip(stubs, ("ahab", "ishmael"), strict=True):
            configure(stub, owner=owner)
        made = [create(stub, title="moby") for stub in stubs]
    finally:
        for channel in channels:
            channel.close()
        server.stop(None).wait()
    assert [values.from_struct(each.properties)["owner"] for each in made] == ["ahab", "ishmael"]


def test_resources_before_a_configuration_are_refused(library: Library, connect: Connect) -> None:
    """A clear error instead of a crash."""
    with connect(library) as stub, pytest.raises(grpc.RpcError) as caught:
        create(stub, title="moby")
    assert "before it was configured" in refused(caught)


def test_a_configuration_that_fails_says_why(library: Library, connect: Connect) -> None:
    """The engine shows the message as it is."""
    with connect(library) as stub, pytest.raises(grpc.RpcError) as caught:
        configure(stub)
    assert refused(caught) == "owner is missing"


def test_checked_inputs_keep_secrets_and_unknowns_and_gain_defaults(
    library: Library, stub: provider_pb2_grpc.ResourceProviderStub
) -> None:
    """The provider sees plain values; the engine gets them wrapped as before, and the provider's own secrets too."""
    news = {"title": Secret("moby"), "isbn": UNKNOWN, "diary": "dear"}
    response = stub.Check(provider_pb2.CheckRequest(urn=URN, news=values.to_struct(news)))
    assert library.shelves[0].seen == [{"title": "moby", "isbn": UNKNOWN, "diary": "dear"}]
    assert values.from_struct(response.inputs) == {
        "title": Secret("moby"),
        "isbn": UNKNOWN,
        "diary": Secret("dear"),
        "pages": 1,
    }


def test_failures_of_a_check_belong_to_their_property(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """The engine shows them beside the property."""
    response = stub.Check(provider_pb2.CheckRequest(urn=URN))
    assert [(failure.property, failure.reason) for failure in response.failures] == [
        ("title", "title is missing; give one")
    ]


def test_differences_are_detailed_by_path(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """Quoted paths, kinds with replacement, top-level keys."""
    old = {"title": "a", "labels": {"a.b": 1}}
    new = {"title": "b", "labels": {"a.b": 2, "c": 3}}
    request = provider_pb2.DiffRequest(urn=URN, old_inputs=values.to_struct(old), news=values.to_struct(new))
    response = stub.Diff(request)
    kinds = provider_pb2.PropertyDiff
    assert {path: (detail.kind, detail.inputDiff) for path, detail in response.detailedDiff.items()} == {
        "title": (kinds.UPDATE_REPLACE, True),
        'labels["a.b"]': (kinds.UPDATE, True),
        "labels.c": (kinds.ADD, True),
    }
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.replaces) == ["title"]
    assert list(response.diffs) == ["labels", "title"]
    assert response.hasDetailedDiff
    assert response.deleteBeforeReplace


def test_no_difference_is_said_to_be_none(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """DIFF_UNKNOWN would make the engine compare by itself."""
    same = values.to_struct({"title": Secret("a")})
    response = stub.Diff(provider_pb2.DiffRequest(urn=URN, old_inputs=same, news=same))
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_created_outputs_hide_what_the_inputs_hid(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """And the type comes from the URN's last type when the request names none."""
    response = create(stub, title=Secret("moby"), diary="dear")
    assert response.id == "moby"
    outputs = values.from_struct(response.properties)
    assert outputs["title"] == Secret("moby")
    assert outputs["diary"] == Secret("dear")
    assert outputs["type"] == "shelf:index:Book"


def test_unknown_outputs_stay_unknown_in_preview(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """No empty strings in their place."""
    response = create(stub, preview=True, title="moby")
    assert response.id == ""
    assert values.from_struct(response.properties)["isbn"] is UNKNOWN


def test_a_resource_that_is_not_ready_is_kept_with_its_reasons(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """As the detail that makes the engine keep it in the state."""
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, title="torn", diary="dear")
    metadata = {each.key: each.value for each in caught.value.trailing_metadata() or ()}
    packed = metadata["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "torn"
    assert list(detail.reasons) == ["a page is missing"]
    assert values.from_struct(detail.properties)["diary"] == Secret("dear")


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("banned", "this one is banned"),
        ("scroll", "scrolls are not modelled"),
        ("burning", "the shelf stand-in failed in Create: RuntimeError: fire"),
    ],
)
def test_errors_reach_the_engine_and_never_as_unimplemented(
    stub: provider_pb2_grpc.ResourceProviderStub, title: str, message: str
) -> None:
    """The engine takes UNIMPLEMENTED as leave to go on by itself."""
    with pytest.raises(grpc.RpcError) as caught:
        create(stub, title=title)
    assert refused(caught) == message
    assert caught.value.code() is not grpc.StatusCode.UNIMPLEMENTED


def test_a_lost_resource_reads_as_gone(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """An empty id is how the protocol says so."""
    assert stub.Read(provider_pb2.ReadRequest(urn=URN, id="lost")).id == ""


def test_reading_keeps_secrets_of_inputs_and_outputs(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """What was secret in the state stays so after a refresh."""
    request = provider_pb2.ReadRequest(
        urn=URN,
        id="moby",
        inputs=values.to_struct({"title": Secret("a")}),
        properties=values.to_struct({"title": "a", "price": Secret(3)}),
    )
    response = stub.Read(request)
    assert values.from_struct(response.inputs) == {"title": Secret("a")}
    assert values.from_struct(response.properties) == {"title": Secret("a"), "price": Secret(3)}


def test_updated_outputs_hide_what_the_new_inputs_hide(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """The program decides anew what is secret."""
    request = provider_pb2.UpdateRequest(
        urn=URN, id="moby", olds=values.to_struct({"pages": 1}), news=values.to_struct({"title": Secret("b")})
    )
    assert values.from_struct(stub.Update(request).properties) == {"pages": 1, "title": Secret("b")}


def test_deleting_gets_the_state(library: Library, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """Without wrappers."""
    stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="moby", properties=values.to_struct({"title": Secret("b")})))
    assert library.shelves[0].seen == [{"title": "b"}]


def test_look_ups_answer_or_name_what_is_wrong(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """A result, a failure of an argument, or an error that names the look-up."""

    def invoke(token: str, **arguments: object) -> provider_pb2.InvokeResponse:
        request = provider_pb2.InvokeRequest(tok=token, args=values.to_struct(arguments))
        response: provider_pb2.InvokeResponse = stub.Invoke(request)
        return response

    answer = getattr(invoke(COUNT, books=2), "return")
    assert values.from_struct(answer) == {"pages": 200}
    assert [failure.property for failure in invoke(COUNT, books=-1).failures] == ["books"]
    with pytest.raises(grpc.RpcError) as caught:
        invoke("shelf:index:burn")
    assert "shelf:index:burn is not modelled" in refused(caught)


def test_components_and_schemas_are_refused_by_name(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """Never a silent pass."""
    with pytest.raises(grpc.RpcError) as construct:
        stub.Construct(provider_pb2.ConstructRequest(type="shelf:index:Bookcase"))
    assert "shelf:index:Bookcase" in refused(construct)
    with pytest.raises(grpc.RpcError) as schema:
        stub.GetSchema(provider_pb2.GetSchemaRequest())
    assert "no schema" in refused(schema)


def test_cancelling_reaches_every_instance(library: Library, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """So that waits end."""
    stub.Cancel(empty_pb2.Empty())
    assert [shelf.cancelled for shelf in library.shelves] == [True]


def test_a_configuration_is_compared_without_replacing(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    """The default: a changed provider is updated, and its resources stay."""
    request = provider_pb2.DiffRequest(
        urn=URN, old_inputs=values.to_struct({"owner": "a"}), news=values.to_struct({"owner": "b"})
    )
    response = stub.DiffConfig(request)
    assert list(response.diffs) == ["owner"]
    assert not response.replaces
    checked = stub.CheckConfig(provider_pb2.CheckRequest(urn=URN, news=values.to_struct({"owner": Secret("a")})))
    assert values.from_struct(checked.inputs) == {"owner": Secret("a")}
