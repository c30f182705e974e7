"""What a program says about an object: names, annotations with a meaning for the provider, and outputs. All pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.model import Resource
from rehearsal.providers.values import UNKNOWN, Path, Properties

ANNOTATIONS = "pulumi.com/"
"""Annotations by which a program speaks to the provider (the Kubernetes package's page in Pulumi's registry)."""

AUTONAMED = f"{ANNOTATIONS}autonamed"
PATCH_FORCE = f"{ANNOTATIONS}patchForce"
PATCH_FIELD_MANAGER = f"{ANNOTATIONS}patchFieldManager"
SKIP_AWAIT = f"{ANNOTATIONS}skipAwait"
WAIT_FOR = f"{ANNOTATIONS}waitFor"
TIMEOUT_SECONDS = f"{ANNOTATIONS}timeoutSeconds"
DELETION_PROPAGATION = f"{ANNOTATIONS}deletionPropagationPolicy"

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Where kubectl keeps a whole object as text, a Secret's data included."""

SUFFIX_DIGITS = 8
"""Hexadecimal digits after an automatic name, as the real provider adds."""

FIELD_MANAGER_PREFIX = "pulumi-kubernetes-"
"""What field managers begin with, unless the program names one."""

FIELD_MANAGER = "__fieldManager"
"""The output that keeps the field manager, so that it survives a change of the resource's URN."""

INITIAL_API_VERSION = "__initialApiVersion"
"""The output that keeps the apiVersion with which the object was made."""

SERVER_SET = ("uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "managedFields")
"""Fields of metadata that only the server sets."""

IMMUTABLE: dict[tuple[str, str], tuple[Path, ...]] = {
    ("v1", "PersistentVolumeClaim"): (("spec", "storageClassName"), ("spec", "volumeName"), ("spec", "accessModes")),
    ("apps/v1", "Deployment"): (("spec", "selector"),),
    ("apps/v1", "DaemonSet"): (("spec", "selector"),),
    ("apps/v1", "StatefulSet"): (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "volumeClaimTemplates"),
    ),
    ("batch/v1", "Job"): (("spec", "selector"), ("spec", "template"), ("spec", "completions")),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): (("roleRef",),),
    ("storage.k8s.io/v1", "StorageClass"): (("parameters",), ("provisioner",)),
}
"""Fields that the API server refuses to change, known without asking it (Kubernetes API reference)."""

IDENTITY: tuple[Path, ...] = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
"""A change of these makes another object."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Which object."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @property
    def id(self) -> str:
        """The resource's id, as the real provider forms it."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def reference(body: Object) -> Reference:
    """Which object a body describes; it must have a name."""
    metadata = body["metadata"]
    return Reference(
        api_version=body["apiVersion"],
        kind=body["kind"],
        namespace=metadata.get("namespace"),
        name=metadata["name"],
    )


def reference_of(resource: Resource, resource_id: str, inputs: Properties, outputs: Properties) -> Reference:
    """Which object a resource is: from its state, or for an import from its type and id."""
    described = outputs if "kind" in outputs else inputs
    if "kind" in described:
        api_version, kind = described["apiVersion"], described["kind"]
    else:
        api_version, _, kind = resource.type.removeprefix("kubernetes:").rpartition(":")
        api_version = api_version.removeprefix("core/")
    namespace, _, name = resource_id.rpartition("/")
    return Reference(api_version=api_version, kind=kind, namespace=namespace or None, name=name)


def metadata_of(inputs: Properties) -> Properties:
    """A copy of the metadata; empty if it isn't known yet."""
    metadata = inputs.get("metadata")
    return dict(metadata) if isinstance(metadata, dict) else {}


def annotations_of(inputs: Properties) -> dict[str, Any]:
    """The annotations; none if they aren't known yet."""
    found = metadata_of(inputs).get("annotations")
    return found if isinstance(found, dict) else {}


def timeout(inputs: Properties, *, option_s: float, default_s: float) -> float:
    """The timeout: the annotation's, the resource option's, or the default."""
    asked = annotations_of(inputs).get(TIMEOUT_SECONDS)
    if isinstance(asked, str) and asked.isdecimal():
        return float(asked)
    return option_s or default_s


def automatic_name(resource_name: str, *, seed: bytes) -> str:
    """A name that is another for each new object, since the engine gives each a seed of its own."""
    return f"{resource_name}-{hashlib.sha256(seed).hexdigest()[:SUFFIX_DIGITS]}"


def field_manager(inputs: Properties, outputs: Properties, *, urn: str) -> str:
    """The name under which fields are managed: what the program asks for, what was used so far, or one from the URN."""
    asked = annotations_of(inputs).get(PATCH_FIELD_MANAGER)
    if isinstance(asked, str):
        return asked
    used = outputs.get(FIELD_MANAGER)
    if isinstance(used, str):
        return used
    return f"{FIELD_MANAGER_PREFIX}{hashlib.sha256(urn.encode()).hexdigest()[:SUFFIX_DIGITS]}"


def is_secret(properties: Properties) -> bool:
    """Whether these are a Secret's properties."""
    return properties.get("apiVersion") == "v1" and properties.get("kind") == "Secret"


def comparable(inputs: Properties) -> Properties:
    """Inputs as they are compared: a Secret's `stringData` as the `data` that the server makes of it."""
    text = inputs.get("stringData")
    if not is_secret(inputs) or not isinstance(text, dict):
        return inputs
    encoded = {
        key: base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
        for key, value in text.items()
    }
    data = inputs.get("data")
    rest = {key: value for key, value in inputs.items() if key != "stringData"}
    return {**rest, "data": {**(data if isinstance(data, dict) else {}), **encoded}}


def is_built_in(api_version: str) -> bool:
    """Whether no definition can add kinds here: groups of definitions have a dot (apiextensions, validation)."""
    group, _, version = api_version.rpartition("/")
    return not version or "." not in group


def immutable(inputs: Properties, settings: Settings) -> tuple[Path, ...]:
    """Paths whose change needs a new object, as far as it's known without asking the server.

    As in the real provider, data of ConfigMaps and Secrets counts as immutable, unless the provider's
    `enableConfigMapMutable` or `enableSecretMutable` is set: pods don't notice a change of it.
    """
    key = (str(inputs.get("apiVersion")), str(inputs.get("kind")))
    if key == ("v1", "ConfigMap") and not settings.mutable_config_maps:
        return (*IDENTITY, ("data",), ("binaryData",))
    if key == ("v1", "Secret"):
        data: tuple[Path, ...] = () if settings.mutable_secrets else (("data",), ("stringData",))
        return (*IDENTITY, ("type",), *data)
    return (*IDENTITY, *IMMUTABLE.get(key, ()))


def outputs_of(live: Object, *, inputs: Properties, manager: str) -> Properties:
    """An object as a resource's outputs.

    Managed fields stay out: long, and of no use to a program. A Secret's `stringData`, which the server doesn't give
    back, comes from the inputs.
    """
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    outputs = {**live, "metadata": metadata, FIELD_MANAGER: manager, INITIAL_API_VERSION: live["apiVersion"]}
    if is_secret(inputs) and "stringData" in inputs:
        outputs["stringData"] = inputs["stringData"]
    return outputs


def foreseen(body: Object, *, inputs: Properties, manager: str, exists: bool) -> Properties:
    """What a preview knows of the outputs, from a dry run or, where none is possible, from the inputs.

    What the server makes up anew for each request is unknown, the status of what doesn't exist too.
    """
    outputs = outputs_of(body, inputs=inputs, manager=manager)
    fresh = (
        ("resourceVersion", "generation") if exists else ("resourceVersion", "generation", "uid", "creationTimestamp")
    )
    metadata = {**outputs["metadata"], **dict.fromkeys(fresh, UNKNOWN)}
    outputs = {**outputs, "metadata": metadata}
    if exists:
        return outputs
    outputs.pop("status", None)
    if body["kind"] == "Service" and body["apiVersion"] == "v1" and isinstance(outputs.get("spec"), dict):
        asked = inputs.get("spec") or {}
        addresses = {key: UNKNOWN for key in ("clusterIP", "clusterIPs") if key not in asked}
        outputs["spec"] = {**outputs["spec"], **addresses}
    return outputs
