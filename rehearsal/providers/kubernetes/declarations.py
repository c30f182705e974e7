"""An object that a program declares, read once: which object it is, and what it says to the provider. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.cluster import Kind
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.objects import Reference
from rehearsal.providers.values import Properties


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What is applied, and how."""

    kind: Kind
    body: Object
    """The inputs, in the provider's namespace where they name none and the kind needs one."""
    reference: Reference
    manager: str
    """Under whose name the fields are managed."""
    force: bool
    """Whether fields that others manage are taken over."""

    @classmethod
    def read(cls, inputs: Properties, *, kind: Kind, manager: str, settings: Settings) -> Self:
        """Read checked inputs without unknowns; checking may not have known yet that the kind has namespaces."""
        metadata = inputs["metadata"]
        if kind.namespaced and not metadata.get("namespace"):
            metadata = {**metadata, "namespace": settings.namespace}
        body = {**inputs, "metadata": metadata}
        return cls(
            kind=kind,
            body=body,
            reference=objects.reference(body),
            manager=manager,
            force=settings.patch_force or objects.annotations_of(inputs).get(objects.PATCH_FORCE) == "true",
        )
