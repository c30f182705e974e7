"""Pulumi's provider protocol (pulumi proto/pulumi/provider.proto) on one side, `model.Provider` on the other."""

# ruff: noqa: N802, ARG002  # the names and arguments are the protocol's

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.providers import values
from rehearsal.providers.differences import Change, Difference
from rehearsal.providers.engine import EngineLog
from rehearsal.providers.model import (
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
from rehearsal.providers.values import Path, Properties

_log = logging.getLogger(__name__)

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")

_Kind = provider_pb2.PropertyDiff
_KINDS = {
    (Change.ADD, False): _Kind.ADD,
    (Change.ADD, True): _Kind.ADD_REPLACE,
    (Change.DELETE, False): _Kind.DELETE,
    (Change.DELETE, True): _Kind.DELETE_REPLACE,
    (Change.UPDATE, False): _Kind.UPDATE,
    (Change.UPDATE, True): _Kind.UPDATE_REPLACE,
}


class _PartialFailureError(ProviderError):
    """A resource that exists but isn't ready, with its state as the engine wants it."""

    def __init__(self, error: InitializationError, detail: provider_pb2.ErrorResourceInitFailed) -> None:
        super().__init__(str(error))
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(detail)
        self.metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _failing_as_status(
    method: Callable[[Servicer, _Request, grpc.ServicerContext], _Response],
) -> Callable[[Servicer, _Request, grpc.ServicerContext], _Response]:
    """Let a method's errors end the call as the engine expects them.

    Never as UNIMPLEMENTED, which the engine takes as leave to go on by itself.
    """

    @functools.wraps(method)
    def wrapped(self: Servicer, request: _Request, context: grpc.ServicerContext) -> _Response:
        try:
            return method(self, request, context)
        except _PartialFailureError as error:
            context.set_trailing_metadata(error.metadata)
            status, text = grpc.StatusCode.UNKNOWN, str(error)
        except ProviderError as error:
            status, text = grpc.StatusCode.UNKNOWN, str(error)
        except Exception as error:  # noqa: BLE001  # the boundary: whatever it is, the user must see it
            _log.exception("%s failed", method.__name__)
            name = f"the {self.provider.name} stand-in"
            status, text = (
                grpc.StatusCode.INTERNAL,
                f"{name} failed in {method.__name__}: {type(error).__name__}: {error}",
            )
        return context.abort(status, text)

    return wrapped


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one provider to any number of connections, each with a configuration of its own."""

    def __init__(self, provider: Provider, *, engine_address: str | None = None) -> None:
        """Take the engine's address if it is known already; Handshake and Attach tell it too."""
        self.provider = provider
        self._engine = EngineLog(engine_address)
        self._instances: dict[str, Instance] = {}

    # The plugin itself

    @_failing_as_status
    def Handshake(
        self,
        request: provider_pb2.ProviderHandshakeRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Agree on what may be sent: secrets yes; references and output values no, plain values come in their place."""
        self._engine = EngineLog(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_failing_as_status
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Learn the engine's address, when it didn't start this process."""
        self._engine = EngineLog(request.address)
        return empty_pb2.Empty()

    @_failing_as_status
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the plugin that this stands in for."""
        return plugin_pb2.PluginInfo(version=self.provider.version)

    @_failing_as_status
    def GetSchema(
        self,
        request: provider_pb2.GetSchemaRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.GetSchemaResponse:
        """Refused: the official SDKs were generated from the schema, and nothing else here needs it."""
        raise NotModelledError(f"the stand-in for the {self.provider.name} provider has no schema")

    @_failing_as_status
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Tell all instances that the user gave up."""
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self) -> None:
        """End what is under way as soon as it can."""
        for instance in list(self._instances.values()):
            instance.cancel()

    # Configuration

    @_failing_as_status
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Validate a configuration."""
        old, new = values.from_struct(request.olds), values.from_struct(request.news)
        checked = self.provider.check_config(old_inputs=values.reveal(old), new_inputs=values.reveal(new))
        return provider_pb2.CheckResponse(
            inputs=_wrapped(checked.inputs, values.secret_paths(new)), failures=_failures(checked.failures)
        )

    @_failing_as_status
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compare two configurations."""
        old = _plain(request.old_inputs if request.HasField("old_inputs") else request.olds)
        return _diff_response(self.provider.diff_config(old_inputs=old, new_inputs=_plain(request.news)))

    @_failing_as_status
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Make an instance for this connection."""
        instance = self.provider.configure(_plain(request.args))
        instance.tell = self._engine.tell
        self._instances[context.peer()] = instance
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def _instance(self, context: grpc.ServicerContext) -> Instance:
        instance = self._instances.get(context.peer())
        if instance is None and len(self._instances) == 1:
            (instance,) = self._instances.values()  # the engine connected anew
        if instance is None:
            raise ProviderError(f"the {self.provider.name} provider was asked for resources before it was configured")
        return instance

    # Resources

    @_failing_as_status
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Validate inputs and fill in defaults."""
        instance, resource = self._instance(context), _resource(request)
        new = values.from_struct(request.news)
        checked = instance.check(
            resource, old_inputs=_plain(request.olds), new_inputs=values.reveal(new), seed=request.randomSeed
        )
        secret = values.secret_paths(new) | instance.secret_paths(resource, checked.inputs)
        return provider_pb2.CheckResponse(inputs=_wrapped(checked.inputs, secret), failures=_failures(checked.failures))

    @_failing_as_status
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """What an update would change."""
        difference = self._instance(context).diff(
            _resource(request),
            resource_id=request.id,
            old_inputs=_plain(request.old_inputs),
            old_outputs=_plain(request.olds),
            new_inputs=_plain(request.news),
        )
        return _diff_response(difference)

    @_failing_as_status
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Make a resource."""
        instance, resource = self._instance(context), _resource(request)
        inputs = values.from_struct(request.properties)
        secret = values.secret_paths(inputs)
        try:
            made = instance.create(
                resource, inputs=values.reveal(inputs), preview=request.preview, timeout_s=request.timeout
            )
        except InitializationError as error:
            raise self._partial(instance, resource, error, secret) from error
        return provider_pb2.CreateResponse(
            id=made.id, properties=_wrapped(made.outputs, secret | instance.secret_paths(resource, made.outputs))
        )

    @_failing_as_status
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """The resource as it is now; an empty id says that it is gone."""
        instance, resource = self._instance(context), _resource(request)
        inputs, outputs = values.from_struct(request.inputs), values.from_struct(request.properties)
        secret = values.secret_paths(inputs) | values.secret_paths(outputs)
        try:
            found = instance.read(
                resource, resource_id=request.id, inputs=values.reveal(inputs), outputs=values.reveal(outputs)
            )
        except InitializationError as error:
            raise self._partial(instance, resource, error, secret) from error
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id,
            inputs=_wrapped(found.inputs, secret | instance.secret_paths(resource, found.inputs)),
            properties=_wrapped(found.outputs, secret | instance.secret_paths(resource, found.outputs)),
        )

    @_failing_as_status
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change a resource in place."""
        instance, resource = self._instance(context), _resource(request)
        new = values.from_struct(request.news)
        secret = values.secret_paths(new)
        try:
            outputs = instance.update(
                resource,
                resource_id=request.id,
                old_inputs=_plain(request.old_inputs),
                old_outputs=_plain(request.olds),
                new_inputs=values.reveal(new),
                preview=request.preview,
                timeout_s=request.timeout,
            )
        except InitializationError as error:
            raise self._partial(instance, resource, error, secret) from error
        return provider_pb2.UpdateResponse(
            properties=_wrapped(outputs, secret | instance.secret_paths(resource, outputs))
        )

    @_failing_as_status
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete a resource."""
        self._instance(context).delete(
            _resource(request),
            resource_id=request.id,
            inputs=_plain(request.old_inputs),
            outputs=_plain(request.properties),
            timeout_s=request.timeout,
        )
        return empty_pb2.Empty()

    @_failing_as_status
    def Construct(
        self,
        request: provider_pb2.ConstructRequest,
        context: grpc.ServicerContext,
    ) -> provider_pb2.ConstructResponse:
        """Refused: no component of the providers is stood in for."""
        raise NotModelledError(
            f"the component type {request.type} is not modelled by the stand-in for the {self.provider.name} provider"
        )

    @_failing_as_status
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Look something up."""
        arguments = values.from_struct(request.args)
        try:
            result = self._instance(context).invoke(
                request.tok, arguments=values.reveal(arguments), preview=request.preview
            )
        except InvocationError as error:
            return provider_pb2.InvokeResponse(failures=_failures(error.failures))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(_wrapped(result, values.secret_paths(arguments)))  # a keyword in Python
        return response

    def _partial(
        self, instance: Instance, resource: Resource, error: InitializationError, secret: set[Path]
    ) -> _PartialFailureError:
        state = State(id=error.resource_id, outputs=error.outputs, inputs=error.inputs or {})
        detail = provider_pb2.ErrorResourceInitFailed(
            id=state.id,
            properties=_wrapped(state.outputs, secret | instance.secret_paths(resource, state.outputs)),
            inputs=_wrapped(state.inputs, secret | instance.secret_paths(resource, state.inputs)),
            reasons=error.reasons,
        )
        return _PartialFailureError(error, detail)


def _resource(request: Any) -> Resource:  # noqa: ANN401  # any request about a resource
    kind = request.type or request.urn.split("::")[2].rsplit("$", 1)[-1]
    return Resource(urn=request.urn, type=kind, name=request.name or request.urn.rsplit("::", 1)[-1])


def _plain(struct: struct_pb2.Struct) -> Properties:
    plain: Properties = values.reveal(values.from_struct(struct))
    return plain


def _wrapped(properties: Mapping[str, Any], secret: Iterable[Path]) -> struct_pb2.Struct:
    return values.to_struct(values.conceal(dict(properties), secret))


def _failures(failures: Iterable[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in failures]


def _diff_response(difference: Difference) -> provider_pb2.DiffResponse:
    detailed = {
        values.formatted(path): provider_pb2.PropertyDiff(
            kind=_KINDS[change, path in difference.replaces], inputDiff=True
        )
        for path, change in difference.changes.items()
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if difference else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({str(path[0]) for path in difference.changes}),
        replaces=sorted({str(path[0]) for path in difference.replaces}),
        deleteBeforeReplace=difference.delete_before_replace,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
