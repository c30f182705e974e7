"""Checking an object's inputs before the cluster is asked: what is wrong with them, and a name if they have none."""

from __future__ import annotations

from rehearsal.providers.kubernetes import objects
from rehearsal.providers.model import Failure, Resource
from rehearsal.providers.values import UNKNOWN, Properties


def failures(resource: Resource, inputs: Properties) -> list[Failure]:
    """What keeps these inputs from describing an object."""
    found = [
        Failure(name, f"{resource.type} has no {name}; an object needs both apiVersion and kind")
        for name in ("apiVersion", "kind")
        if not inputs.get(name)
    ]
    module = resource.type.removeprefix("kubernetes:").rpartition(":")[0]
    if "/" not in module:  # as the official plugin says it, of a CustomResource of the core group
        reason = f'apiVersion does not have both a group and a version: "{module}"; use the SDK\'s class for the kind'
        found.append(Failure("apiVersion", reason))
    metadata = inputs.get("metadata")
    if metadata is not None and metadata is not UNKNOWN and not isinstance(metadata, dict):
        found.append(Failure("metadata", f"metadata: found {type(metadata).__name__}, expected an object"))
    elif isinstance(metadata, dict) and metadata.get("generateName"):
        reason = "generateName is not modelled by this stand-in provider; leave it out, and a name is made"
        found.append(Failure("metadata.generateName", reason))
    return found


def automatic_name(resource: Resource, metadata: Properties, *, old_inputs: Properties, seed: bytes) -> Properties:
    """A name, and the annotation that says where it comes from; the old one as long as the object stays."""
    old = old_inputs.get("metadata") or {}
    if (old.get("annotations") or {}).get(objects.AUTONAMED) == "true":
        name = old["name"]
    else:
        name = objects.automatic_name(resource.name, seed=seed or resource.urn.encode())
    annotations = metadata.get("annotations")
    if annotations is UNKNOWN:
        return {"name": name}
    return {"name": name, "annotations": {**(annotations or {}), objects.AUTONAMED: "true"}}
