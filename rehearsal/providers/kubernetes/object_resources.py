"""Resources that are one Kubernetes object each."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.api_server import Object
from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.kubernetes import checking, drift, objects, readiness
from rehearsal.providers.kubernetes.applying import Applying
from rehearsal.providers.kubernetes.cluster import Cluster, UnservedKindError
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.declarations import Declaration
from rehearsal.providers.kubernetes.waiting import DEFAULT_TIMEOUT_S, NotReadyError, Waiter
from rehearsal.providers.model import Checked, Failure, InitializationError, ProviderError, Resource, State
from rehearsal.providers.values import UNKNOWN, Path, Properties

SERVED_TIMEOUT_S = 30.0
"""Seconds until a kind whose definition was just established is served; the API server takes one or two."""

WEBHOOK_TIMEOUT_S = 30.0
"""Seconds until an admission webhook whose pods just became ready answers; endpoints follow within a few."""


class ObjectResources:
    """Makes, reads, changes and deletes objects by server-side apply."""

    def __init__(
        self, settings: Settings, cluster: Cluster, waiter: Waiter, *, tell: Callable[[str, str], None]
    ) -> None:
        """Manage objects of this cluster; `tell` shows progress beside a resource (by URN)."""
        self._settings = settings
        self._cluster = cluster
        self._applying = Applying(settings, cluster)
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
        old, new = objects.comparable(old_inputs), objects.comparable(new_inputs)
        found = differences.compare(old, new, immutable=objects.immutable(new_inputs, self._settings))
        if not found:
            return found
        manager = objects.field_manager(new_inputs, old_outputs, urn=resource.urn)
        refused = () if found.replaces else self._applying.refused_changes(new_inputs, manager=manager)
        if refused:
            found = differences.compare(old, new, immutable=refused)
            if not found.replaces:  # what it refuses comes from a default or a webhook: any change may be the cause
                found = differences.compare(old, new, immutable=[()])
        keeps_name = objects.annotations_of(new_inputs).get(objects.AUTONAMED) != "true" and all(
            _at(old_inputs, path) == _at(new_inputs, path) for path in objects.IDENTITY if path[-1] != "apiVersion"
        )
        return Difference(
            changes=found.changes, replaces=found.replaces, delete_before_replace=bool(found.replaces) and keeps_name
        )

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Make it and wait until it's ready."""
        manager = objects.field_manager(inputs, {}, urn=resource.urn)
        if preview:
            return State(id="", outputs=self._applying.foreseen_creation(inputs, manager=manager))
        kind = self._waiter.until_served(inputs["apiVersion"], inputs["kind"], timeout_s=SERVED_TIMEOUT_S)
        declared = Declaration.read(inputs, kind=kind, manager=manager, settings=self._settings)
        self._applying.refuse_existing(declared)
        return State(id=declared.reference.id, outputs=self._made(resource, declared, timeout_s=timeout_s))

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
            declared = Declaration.read(inputs, kind=kind, manager=manager, settings=self._settings)
            found = drift.live_inputs(inputs, expected=self._applying.expected(declared, live), live=live)
        return State(id=resource_id, inputs=found, outputs=objects.outputs_of(live, inputs=found, manager=manager))

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
            return self._applying.foreseen_update(new_inputs, old_outputs=old_outputs, manager=manager)
        kind = self._cluster.kind(new_inputs["apiVersion"], new_inputs["kind"])
        declared = Declaration.read(new_inputs, kind=kind, manager=manager, settings=self._settings)
        return self._made(resource, declared, timeout_s=timeout_s)

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

    def _made(self, resource: Resource, declared: Declaration, *, timeout_s: float) -> Properties:
        """The outputs once it's applied and ready. Raises `InitializationError`: it's there all the same."""
        inputs, reference = declared.body, declared.reference
        live = self._waiter.retrying(lambda: self._applying.apply(declared), timeout_s=WEBHOOK_TIMEOUT_S)
        rule = readiness.rule_for(inputs)
        if rule is not None and not self._binds_late(inputs):
            try:
                live = self._waiter.until_ready(
                    declared.kind,
                    reference,
                    rule,
                    timeout_s=objects.timeout(inputs, option_s=timeout_s, default_s=DEFAULT_TIMEOUT_S),
                    tell=lambda text: self._tell(resource.urn, text),
                )
            except NotReadyError as error:
                outputs = objects.outputs_of(error.last, inputs=inputs, manager=declared.manager)
                raise InitializationError(error.reasons, resource_id=reference.id, outputs=outputs) from error
        return objects.outputs_of(live, inputs=inputs, manager=declared.manager)

    def _binds_late(self, inputs: Properties) -> bool:
        """Whether it is a claim that gets its volume only with its first pod."""
        name = (inputs.get("spec") or {}).get("storageClassName")
        if inputs["kind"] != "PersistentVolumeClaim" or not name:
            return False
        storage_class = self._cluster.get(
            self._cluster.kind("storage.k8s.io/v1", "StorageClass"), namespace=None, name=name
        )
        return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def _with_namespace(inputs: Properties, outputs: Properties) -> Properties:
    """The inputs of the past with the namespace that creating filled in, where checking couldn't tell it yet."""
    namespace = objects.metadata_of(outputs).get("namespace")
    metadata = objects.metadata_of(inputs)
    if namespace is None or "namespace" in metadata:
        return inputs
    return {**inputs, "metadata": {**metadata, "namespace": namespace}}


def _at(properties: Properties, path: Path) -> object:
    value: object = properties
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
