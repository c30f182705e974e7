"""A configured provider: which resource types there are, and what manages each."""

from __future__ import annotations

from pathlib import Path as FilePath

from rehearsal.providers.differences import Difference
from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.cluster import Cluster, UnreachableError
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.object_resources import ObjectResources
from rehearsal.providers.kubernetes.releases import RELEASE, Releases
from rehearsal.providers.kubernetes.waiting import Waiter
from rehearsal.providers.model import Checked, Instance, NotModelledError, Resource, State
from rehearsal.providers.values import Path, Properties


class KubernetesInstance(Instance):
    """Manages the resources of one provider resource on one cluster."""

    def __init__(self, settings: Settings, cluster: Cluster, *, temporary: FilePath) -> None:
        """Manage resources of this cluster; `temporary` is for files that live as long as a request."""
        self._settings = settings
        self._waiter = Waiter(cluster)
        self._objects = ObjectResources(settings, cluster, self._waiter, tell=self._tell)
        self._releases = Releases(settings, cluster, temporary=temporary)

    def _tell(self, urn: str, message: str) -> None:
        self.tell(urn, message)  # set later than this instance is made

    def _manager(self, resource: Resource) -> ObjectResources | Releases:
        if resource.type == RELEASE:
            return self._releases
        module, _, name = resource.type.removeprefix("kubernetes:").rpartition(":")
        if name.endswith("Patch") or module.startswith(("helm.sh/", "yaml", "kustomize")):
            raise NotModelledError(
                f"the resource type {resource.type} is not modelled by the stand-in for the kubernetes provider, "
                f"which has objects with an apiVersion and a kind, and {RELEASE}"
            )
        return self._objects

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Validate inputs and fill in names and namespaces."""
        return self._manager(resource).check(resource, old_inputs=old_inputs, new_inputs=new_inputs, seed=seed)

    def diff(
        self,
        resource: Resource,
        *,
        resource_id: str,  # noqa: ARG002  # the inputs say which object
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
    ) -> Difference:
        """What would change."""
        return self._manager(resource).diff(
            resource, old_inputs=old_inputs, old_outputs=old_outputs, new_inputs=new_inputs
        )

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Make it and wait until it's ready."""
        return self._manager(resource).create(resource, inputs=inputs, preview=preview, timeout_s=timeout_s)

    def read(self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties) -> State | None:
        """As it is now."""
        try:
            return self._manager(resource).read(resource, resource_id=resource_id, inputs=inputs, outputs=outputs)
        except UnreachableError:
            if self._settings.delete_unreachable:
                return None
            raise

    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,  # noqa: ARG002  # server-side apply knows what was applied before
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,
    ) -> Properties:
        """Change it and wait until it's ready."""
        return self._manager(resource).update(
            resource,
            resource_id=resource_id,
            old_outputs=old_outputs,
            new_inputs=new_inputs,
            preview=preview,
            timeout_s=timeout_s,
        )

    def delete(
        self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties, timeout_s: float
    ) -> None:
        """Delete it and wait until it's gone."""
        try:
            self._manager(resource).delete(
                resource, resource_id=resource_id, inputs=inputs, outputs=outputs, timeout_s=timeout_s
            )
        except UnreachableError:
            if not self._settings.delete_unreachable:
                raise

    def secret_paths(self, resource: Resource, properties: Properties) -> set[Path]:
        """All of a Secret's data, also where kubectl repeats it."""
        if resource.type == RELEASE or not objects.is_secret(properties):
            return set()
        return {("data",), ("stringData",), ("metadata", "annotations", objects.LAST_APPLIED)}

    def cancel(self) -> None:
        """End all waits."""
        self._waiter.cancel()
        self._releases.cancel()
