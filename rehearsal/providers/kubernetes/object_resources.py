"""Resources that are one Kubernetes object each."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from rehearsal.api_server import Object
from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.kubernetes import checking, drift, objects, readiness
from rehearsal.providers.kubernetes.cluster import (
    ApiError,
    Cluster,
    Kind,
    UnreachableError,
    UnservedKindError,
)
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.objects import Reference
from rehearsal.providers.kubernetes.waiting import DEFAULT_TIMEOUT_S, NotReadyError, Waiter
from rehearsal.providers.model import Checked, Failure, InitializationError, ProviderError, Resource, State
from rehearsal.providers.values import UNKNOWN, Path, Properties, contains_unknown

SERVED_TIMEOUT_S = 30.0
"""Seconds until a kind whose definition was just established is served; the API server takes one or two."""

WEBHOOK_TIMEOUT_S = 30.0
"""Seconds until an admission webhook whose pods just became ready answers; endpoints follow within a few."""

REFUSED_CHANGE = re.compile(
    r"immutable|may not be changed|cannot be (changed|updated)|updates to \w+ spec for fields other"
)
"""How the API server, and rules in CRDs, say that a field can't be changed (k8s.io/apimachinery, api/validation)."""


class ObjectResources:
    """Makes, reads, changes and deletes objects by server-side apply."""

    def __init__(
        self, settings: Settings, cluster: Cluster, waiter: Waiter, *, tell: Callable[[str, str], None]
    ) -> None:
        """Manage objects of this cluster; `tell` shows progress beside a resource (by URN)."""
        self._settings = settings
        self._cluster = cluster
        self._waiter = waiter
        self._tell = tell

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Fill in the name and the namespace."""
        failures = checking.failures(resource, new_inputs)
        metadata = new_inputs.get("metadata", {})
        if failures or metadata is UNKNOWN or UNKNOWN in (new_inputs["apiVersion"], new_inputs["kind"]):
            return Checked(new_inputs, failures)
        metadata = dict(metadata or {})
        if not metadata.get("name"):
            metadata |= checking.automatic_name(resource, metadata, old_inputs=old_inputs, seed=seed)
        if not metadata.get("namespace") and self._is_namespaced(new_inputs):
            metadata["namespace"] = self._settings.namespace
        inputs = {**new_inputs, "metadata": metadata}
        try:
            readiness.rule_for(inputs)
        except ProviderError as error:
            failures.append(Failure("metadata.annotations", str(error)))
        return Checked(inputs, failures)

    def _is_namespaced(self, inputs: Properties) -> bool:
        try:
            return self._cluster.kind(inputs["apiVersion"], inputs["kind"]).namespaced
        except UnservedKindError:
            return False  # not known before its definition is there; creating it will tell

    def diff(
        self, resource: Resource, *, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties
    ) -> Difference:
        """What would change; the server is asked which changes it refuses to make in place."""
        old_inputs = _with_namespace(old_inputs, old_outputs)
        immutable = objects.immutable(new_inputs, self._settings)
        found = differences.compare(old_inputs, new_inputs, immutable=immutable)
        if not found:
            return found
        refused = () if found.replaces else self._refused(resource, old_outputs=old_outputs, new_inputs=new_inputs)
        if refused:
            found = differences.compare(old_inputs, new_inputs, immutable=refused)
            if not found.replaces:  # what it refuses comes from a default or a webhook: any change may be the cause
                found = differences.compare(old_inputs, new_inputs, immutable=[()])
        keeps_name = objects.annotations_of(new_inputs).get(objects.AUTONAMED) != "true" and all(
            _at(old_inputs, path) == _at(new_inputs, path) for path in objects.IDENTITY if path[-1] != "apiVersion"
        )
        return Difference(
            changes=found.changes, replaces=found.replaces, delete_before_replace=bool(found.replaces) and keeps_name
        )

    def _refused(self, resource: Resource, *, old_outputs: Properties, new_inputs: Properties) -> tuple[Path, ...]:
        """The fields that the server refuses to change, by a dry run; none where none is possible."""
        if contains_unknown(new_inputs):
            return ()
        manager = objects.field_manager(new_inputs, old_outputs, urn=resource.urn)
        try:
            self._apply(new_inputs, manager=manager, dry_run=True)
        except ApiError as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                return ()
            return tuple(
                _field_path(cause.get("field", ""))
                for cause in error.causes
                if REFUSED_CHANGE.search(cause.get("message", ""))
            )
        except ProviderError:
            return ()  # the update itself will say so
        return ()

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Make it and wait until it's ready."""
        manager = objects.field_manager(inputs, {}, urn=resource.urn)
        if preview:
            return self._foreseen_creation(inputs, manager=manager)
        timeout_s = objects.timeout(inputs, option_s=timeout_s, default_s=DEFAULT_TIMEOUT_S)
        kind = self._waiter.until_served(inputs["apiVersion"], inputs["kind"], timeout_s=SERVED_TIMEOUT_S)
        inputs = self._in_namespace(inputs, kind)
        reference = objects.reference(inputs)
        self._refuse_existing(kind, reference)
        live = self._waiter.retrying(
            lambda: self._apply(inputs, manager=manager, dry_run=False), timeout_s=WEBHOOK_TIMEOUT_S
        )
        live = self._ready(resource, kind, inputs, live, manager=manager, timeout_s=timeout_s)
        return State(id=reference.id, outputs=objects.outputs_of(live, inputs=inputs, manager=manager))

    def _foreseen_creation(self, inputs: Properties, *, manager: str) -> State:
        passed_on = objects.foreseen(
            {**inputs, "metadata": _metadata(inputs)}, inputs=inputs, manager=manager, exists=False
        )
        if contains_unknown(inputs):
            return State(id="", outputs=passed_on)
        try:
            kind = self._cluster.kind(inputs["apiVersion"], inputs["kind"])
            inputs = self._in_namespace(inputs, kind)
            if self._will_be_replaced(kind, objects.reference(inputs)):
                return State(id="", outputs=passed_on)
            foreseen = self._apply(inputs, manager=manager, dry_run=True)
        except UnservedKindError:
            if objects.is_built_in(inputs["apiVersion"]):
                raise
            return State(id="", outputs=passed_on)  # its definition is still to come
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return State(id="", outputs=passed_on)  # its namespace is still to come
            raise
        return State(id="", outputs=objects.foreseen(foreseen, inputs=inputs, manager=manager, exists=False))

    def _will_be_replaced(self, kind: Kind, reference: Reference) -> bool:
        """Whether a preview's creation is a replacement's: an object of this name is there, and a program made it.

        The old object is still there in a preview, so a dry run would compare with it. Anyone else's object is refused.
        """
        if self._settings.upsert:
            return False
        live = self._cluster.get(kind, namespace=reference.namespace, name=reference.name)
        if live is None:
            return False
        managers = [entry.get("manager", "") for entry in live["metadata"].get("managedFields") or ()]
        if any(manager.startswith(objects.FIELD_MANAGER_PREFIX) for manager in managers):
            return True
        raise _existing(reference)

    def _refuse_existing(self, kind: Kind, reference: Reference) -> None:
        """Fail for an object that exists, as pulumi-kubernetes 4.34 does unless it's told to take it over."""
        if self._settings.upsert:
            return
        if self._cluster.get(kind, namespace=reference.namespace, name=reference.name) is not None:
            raise _existing(reference)

    def read(self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties) -> State | None:
        """The object as it is now, with drift only where the program set something."""
        reference = objects.reference_of(resource, resource_id, inputs, outputs)
        try:
            kind = self._cluster.kind(reference.api_version, reference.kind)
        except UnservedKindError:
            return None  # its definition is gone, and all objects with it
        live = self._cluster.get(kind, namespace=reference.namespace, name=reference.name)
        if live is None:
            return None
        live = {"apiVersion": reference.api_version, "kind": reference.kind, **live}
        manager = objects.field_manager(inputs, outputs, urn=resource.urn)
        if not inputs:
            found = drift.imported_inputs(live)
        else:
            found = drift.live_inputs(inputs, expected=self._expected(inputs, live, manager=manager), live=live)
        return State(id=resource_id, inputs=found, outputs=objects.outputs_of(live, inputs=found, manager=manager))

    def _expected(self, inputs: Properties, live: Object, *, manager: str) -> Object:
        """What the server would make of the inputs now; the inputs themselves where it can't say."""
        try:
            return self._apply(inputs, manager=manager, dry_run=True, force=True)
        except UnreachableError:
            raise
        except ProviderError:
            return {**live, **inputs}

    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,  # noqa: ARG002  # the inputs say which object
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,
    ) -> Properties:
        """Apply what the program says now; what it no longer says is dropped by the server."""
        manager = objects.field_manager(new_inputs, old_outputs, urn=resource.urn)
        if preview:
            if contains_unknown(new_inputs):
                merged = {**new_inputs, "metadata": {**old_outputs.get("metadata", {}), **_metadata(new_inputs)}}
                return objects.foreseen(merged, inputs=new_inputs, manager=manager, exists=True)
            foreseen = self._apply(new_inputs, manager=manager, dry_run=True)
            return objects.foreseen(foreseen, inputs=new_inputs, manager=manager, exists=True)
        live = self._waiter.retrying(
            lambda: self._apply(new_inputs, manager=manager, dry_run=False), timeout_s=WEBHOOK_TIMEOUT_S
        )
        kind = self._cluster.kind(new_inputs["apiVersion"], new_inputs["kind"])
        live = self._ready(
            resource,
            kind,
            new_inputs,
            live,
            manager=manager,
            timeout_s=objects.timeout(new_inputs, option_s=timeout_s, default_s=DEFAULT_TIMEOUT_S),
        )
        return objects.outputs_of(live, inputs=new_inputs, manager=manager)

    def delete(
        self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties, timeout_s: float
    ) -> None:
        """Delete the object, its dependents first, and wait until it is gone."""
        reference = objects.reference_of(resource, resource_id, inputs, outputs)
        try:
            kind = self._cluster.kind(reference.api_version, reference.kind)
        except UnservedKindError:
            return
        live = self._cluster.get(kind, namespace=reference.namespace, name=reference.name)
        if live is None:
            return
        asked = objects.annotations_of(inputs)
        propagation = asked.get(objects.DELETION_PROPAGATION, "foreground").capitalize()
        self._cluster.delete(kind, namespace=reference.namespace, name=reference.name, propagation=propagation)
        if asked.get(objects.SKIP_AWAIT) == "true":
            return
        self._waiter.until_gone(
            kind,
            reference,
            uid=live["metadata"]["uid"],
            timeout_s=objects.timeout(inputs, option_s=timeout_s, default_s=DEFAULT_TIMEOUT_S),
            tell=lambda text: self._tell(resource.urn, text),
        )
        if reference.kind == "CustomResourceDefinition":
            self._forget_definition(live)

    def _forget_definition(self, definition: Object) -> None:
        spec = definition["spec"]
        for version in spec["versions"]:
            self._cluster.forget(f"{spec['group']}/{version['name']}", spec["names"]["kind"])

    def _ready(
        self, resource: Resource, kind: Kind, inputs: Properties, live: Object, *, manager: str, timeout_s: float
    ) -> Object:
        """The object once it's ready. Raises `InitializationError`: it's there all the same."""
        rule = readiness.rule_for(inputs)
        if rule is None or self._binds_late(inputs):
            return live
        reference = objects.reference(inputs)
        try:
            live = self._waiter.until_ready(
                kind, reference, rule, timeout_s=timeout_s, tell=lambda text: self._tell(resource.urn, text)
            )
        except NotReadyError as error:
            outputs = objects.outputs_of(error.last, inputs=inputs, manager=manager)
            raise InitializationError(error.reasons, resource_id=reference.id, outputs=outputs) from error
        return live

    def _binds_late(self, inputs: Properties) -> bool:
        """Whether it is a claim that gets its volume only with its first pod."""
        name = (inputs.get("spec") or {}).get("storageClassName")
        if inputs["kind"] != "PersistentVolumeClaim" or not name:
            return False
        storage_class = self._cluster.get(
            self._cluster.kind("storage.k8s.io/v1", "StorageClass"), namespace=None, name=name
        )
        return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _in_namespace(self, inputs: Properties, kind: Kind) -> Properties:
        """The inputs with a namespace, where checking them couldn't tell yet that they need one."""
        metadata = inputs["metadata"]
        if not kind.namespaced or metadata.get("namespace"):
            return inputs
        return {**inputs, "metadata": {**metadata, "namespace": self._settings.namespace}}

    def _apply(self, inputs: Properties, *, manager: str, dry_run: bool, force: bool | None = None) -> Object:
        kind = self._cluster.kind(inputs["apiVersion"], inputs["kind"])
        if force is None:
            force = self._settings.patch_force or objects.annotations_of(inputs).get(objects.PATCH_FORCE) == "true"
        try:
            return self._cluster.apply(
                kind, self._in_namespace(inputs, kind), manager=manager, force=force, dry_run=dry_run
            )
        except ApiError as error:
            if error.status == HTTPStatus.CONFLICT and error.causes:
                fields = "; ".join(f"{cause.get('field')} ({cause.get('message')})" for cause in error.causes)
                raise ProviderError(
                    f"{objects.reference(inputs)}: others manage fields that the program sets: {fields}; leave them "
                    f'out, or take them over with the annotation {objects.PATCH_FORCE}: "true"'
                ) from error
            raise


def _with_namespace(inputs: Properties, outputs: Properties) -> Properties:
    """The inputs of the past with the namespace that creating filled in, where checking couldn't tell it yet."""
    namespace = _metadata(outputs).get("namespace")
    metadata = _metadata(inputs)
    if namespace is None or "namespace" in metadata:
        return inputs
    return {**inputs, "metadata": {**metadata, "namespace": namespace}}


def _existing(reference: Reference) -> ProviderError:
    return ProviderError(
        f"{reference} already exists, and not as a resource of this stack; import it (pulumi import, or the resource "
        "option import), delete it, or set the provider's upsertExistingObjects to take it over"
    )


def _metadata(inputs: Properties) -> Properties:
    metadata = inputs.get("metadata")
    return dict(metadata) if isinstance(metadata, dict) else {}


def _at(properties: Properties, path: Path) -> object:
    value: object = properties
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _field_path(field: str) -> Path:
    """A field as the API server names it, such as `spec.ports[0].name`, as a path."""
    return tuple(
        int(index) if index else name for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", field)
    )
