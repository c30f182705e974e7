"""The provider as the engine configures it."""

from __future__ import annotations

from pathlib import Path

from rehearsal.providers import plugins
from rehearsal.providers.differences import Difference
from rehearsal.providers.kubernetes import configuration
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.instance import KubernetesInstance
from rehearsal.providers.model import Checked, Instance, Provider
from rehearsal.providers.values import Properties


class KubernetesProvider(Provider):
    """Makes instances that talk to the cluster of a kubeconfig."""

    name = "kubernetes"

    def __init__(self, state: Path) -> None:
        """Stand in for the version of the installed SDK; files are kept in the rehearsal's state directory alone."""
        self.version = plugins.sdk_version(self.name)
        self._state = state

    def check_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Checked:  # noqa: ARG002  # nothing depends on the old ones
        """Refuse options that aren't modelled, and values of the wrong type."""
        return Checked(new_inputs, configuration.failures(new_inputs))

    def diff_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Difference:
        """Replace only for another cluster."""
        return configuration.compare(old_inputs, new_inputs)

    def configure(self, inputs: Properties) -> Instance:
        """Connect lazily: a cluster that can't be reached is an error of the resource that needs it."""
        settings = configuration.Settings.parse(inputs)
        temporary = self._state / "pulumi" / "temporary"
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        return KubernetesInstance(settings, Cluster(settings.kubeconfig, temporary=temporary), temporary=temporary)
