"""The platform that jobs stand on: JobSet, which runs gangs, and Kueue, which admits and places them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release, ReleaseArgs

from rackwright.rendering.platform import jobset_values, kueue_values
from rackwright.specs import platform as specs
from stacks.components.objects import declare_objects

KUEUE_CHART = "oci://registry.k8s.io/kueue/charts/kueue"
JOBSET_CHART = "oci://registry.k8s.io/jobset/charts/jobset"

READY_TIMEOUT_S = 600
"""Seconds in which a chart's controllers must be available: a first pull of their images may take minutes."""


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    """What the platform is made from."""

    platform: specs.Platform
    node_labels: Mapping[str, str]
    """Of the hosts that the controllers run on."""


class Platform(pulumi.ComponentResource):
    """The official charts of JobSet and Kueue, each in a namespace of its own."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:platform:Platform", name, {}, opts)
        jobset, kueue = args.platform.jobset, args.platform.kueue
        # The two come up side by side: Kueue waits for the kinds of jobs that aren't there yet when it starts.
        self._chart(
            "jobset",
            chart=JOBSET_CHART,
            version=jobset.version,
            values=jobset_values(jobset, node_labels=args.node_labels),
        )
        self._chart(
            "kueue", chart=KUEUE_CHART, version=kueue.version, values=kueue_values(kueue, node_labels=args.node_labels)
        )
        self.register_outputs({"kueue": kueue.version, "jobset": jobset.version})

    def _chart(self, name: str, *, chart: str, version: str, values: dict[str, Any]) -> None:
        """A release of a chart in the namespace `<name>-system`; declared, so that it goes with the release."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{name}-system"}}
        declared = declare_objects([namespace], parent=self)
        Release(
            name,
            ReleaseArgs(
                name=name,
                namespace=f"{name}-system",
                chart=chart,
                version=version,
                values=values,
                timeout=READY_TIMEOUT_S,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=declared),
        )
