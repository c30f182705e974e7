"""Server-side apply of what a program declares, for real and as dry runs that foresee what would come of it."""

from __future__ import annotations

import re
from http import HTTPStatus

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.cluster import ApiError, Cluster, UnreachableError, UnservedKindError
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.declarations import Declaration
from rehearsal.providers.kubernetes.objects import Reference
from rehearsal.providers.model import ProviderError
from rehearsal.providers.values import Path, Properties, contains_unknown

REFUSED_CHANGE = re.compile(
    r"immutable|may not be changed|cannot be (changed|updated)|updates to \w+ spec for fields other"
)
"""How the API server, and rules in CRDs, say that a field can't be changed (k8s.io/apimachinery, api/validation)."""


class Applying:
    """Applies to one cluster, as one provider resource is configured."""

    def __init__(self, settings: Settings, cluster: Cluster) -> None:
        """Apply on this cluster."""
        self._settings = settings
        self._cluster = cluster

    def apply(self, declared: Declaration, *, dry_run: bool = False, force: bool | None = None) -> Object:
        """What the server makes of it. Raises `ProviderError` naming the fields that others manage."""
        force = declared.force if force is None else force
        try:
            return self._cluster.apply(
                declared.kind, declared.body, manager=declared.manager, force=force, dry_run=dry_run
            )
        except ApiError as error:
            if error.status == HTTPStatus.CONFLICT and error.causes:
                fields = "; ".join(f"{cause.get('field')} ({cause.get('message')})" for cause in error.causes)
                raise ProviderError(
                    f"{declared.reference}: others manage fields that the program sets: {fields}; leave them "
                    f'out, or take them over with the annotation {objects.PATCH_FORCE}: "true"'
                ) from error
            raise

    def refuse_existing(self, declared: Declaration) -> None:
        """Fail for an object that exists, as pulumi-kubernetes 4.34 does unless it's told to take it over."""
        if not self._settings.upsert and self._live(declared) is not None:
            raise _existing(declared.reference)

    def foreseen_creation(self, inputs: Properties, *, manager: str) -> Properties:
        """The outputs that a preview knows of an object that isn't there."""
        passed_on = objects.foreseen(
            {**inputs, "metadata": objects.metadata_of(inputs)}, inputs=inputs, manager=manager, exists=False
        )
        if contains_unknown(inputs):
            return passed_on
        try:
            declared = self._declared(inputs, manager=manager)
            if self._will_be_replaced(declared):
                return passed_on
            foreseen = self.apply(declared, dry_run=True)
        except UnservedKindError:
            if objects.is_built_in(inputs["apiVersion"]):
                raise
            return passed_on  # its definition is still to come
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return passed_on  # its namespace is still to come
            raise
        return objects.foreseen(foreseen, inputs=inputs, manager=manager, exists=False)

    def foreseen_update(self, inputs: Properties, *, old_outputs: Properties, manager: str) -> Properties:
        """The outputs that a preview knows of an object that would be changed."""
        if contains_unknown(inputs):
            metadata = {**old_outputs.get("metadata", {}), **objects.metadata_of(inputs)}
            foreseen = {**inputs, "metadata": metadata}
        else:
            foreseen = self.apply(self._declared(inputs, manager=manager), dry_run=True)
        return objects.foreseen(foreseen, inputs=inputs, manager=manager, exists=True)

    def refused_changes(self, inputs: Properties, *, manager: str) -> tuple[Path, ...]:
        """The fields that the server refuses to change, by a dry run; none where none is possible."""
        if contains_unknown(inputs):
            return ()
        try:
            self.apply(self._declared(inputs, manager=manager), dry_run=True)
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

    def expected(self, declared: Declaration, live: Object) -> Object:
        """What the server would make of the inputs now; the inputs themselves where it can't say."""
        try:
            return self.apply(declared, dry_run=True, force=True)
        except UnreachableError:
            raise
        except ProviderError:
            return {**live, **declared.body}

    def _declared(self, inputs: Properties, *, manager: str) -> Declaration:
        kind = self._cluster.kind(inputs["apiVersion"], inputs["kind"])
        return Declaration.read(inputs, kind=kind, manager=manager, settings=self._settings)

    def _live(self, declared: Declaration) -> Object | None:
        reference = declared.reference
        return self._cluster.get(declared.kind, namespace=reference.namespace, name=reference.name)

    def _will_be_replaced(self, declared: Declaration) -> bool:
        """Whether a preview's creation is a replacement's: an object of this name is there, and a program made it.

        The old object is still there in a preview, so a dry run would compare with it. Anyone else's object is refused.
        """
        live = None if self._settings.upsert else self._live(declared)
        if live is None:
            return False
        managers = [entry.get("manager", "") for entry in live["metadata"].get("managedFields") or ()]
        if any(manager.startswith(objects.FIELD_MANAGER_PREFIX) for manager in managers):
            return True
        raise _existing(declared.reference)


def _existing(reference: Reference) -> ProviderError:
    return ProviderError(
        f"{reference} already exists, and not as a resource of this stack; import it (pulumi import, or the resource "
        "option import), delete it, or set the provider's upsertExistingObjects to take it over"
    )


def _field_path(field: str) -> Path:
    """A field as the API server names it, such as `spec.ports[0].name`, as a path."""
    return tuple(
        int(index) if index else name for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", field)
    )
