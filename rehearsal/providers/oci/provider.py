"""The provider: its configuration, of which the simulated Oracle needs the region alone."""

from __future__ import annotations

import re
from pathlib import Path

from rehearsal.cloud.oracle import Oracle
from rehearsal.cloud.regions import Region
from rehearsal.providers import differences, plugins
from rehearsal.providers.differences import Difference
from rehearsal.providers.model import Checked, Failure, Instance, Provider, ProviderError
from rehearsal.providers.oci.instance import OciInstance
from rehearsal.providers.values import Properties

REGION = re.compile(r"[a-z]+-[a-z]+-\d+")
"""A region's identifier, such as `us-chicago-1`."""


class OciProvider(Provider):
    """Stands in for the `oci` plugin, with a rehearsal's state directory as the cloud."""

    name = "oci"

    def __init__(self, state: Path) -> None:
        self.version = plugins.sdk_version(self.name)
        self._state = state

    def check_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Checked:  # noqa: ARG002  # interface
        """Refuse a region that is none; credentials are taken and not looked at."""
        region = new_inputs.get("region")
        if isinstance(region, str) and not REGION.fullmatch(region):
            reason = f"{region!r} is not a region; expected an identifier such as us-chicago-1"
            return Checked(new_inputs, [Failure("region", reason)])
        return Checked(new_inputs)

    def diff_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Difference:
        """Another region or tenancy means other resources; anything else is only another way to be let in."""
        return differences.compare(old_inputs, new_inputs, immutable=[("region",), ("tenancyOcid",)])

    def configure(self, inputs: Properties) -> Instance:
        """Give the simulated Oracle as it is seen from the configured region."""
        if not inputs.get("region"):
            raise ProviderError(
                "did not find a proper configuration for region: give the provider a region, "
                "or set it with `pulumi config set oci:region us-chicago-1`"
            )
        region = Region(str(inputs["region"]))
        return OciInstance(Oracle(directory=self._state, region=region, tenancy=inputs.get("tenancyOcid")))
