"""A Kubernetes that stands already, over one's own machines: only what runs on it is declared.

Its administrator labels the hosts beforehand: `rackwright.dev/pool=<pool's name>` and the fabric's levels.
"""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as kubernetes

from rackwright.specs import ClusterSpec
from rackwright.specs.places import ExistingPlace
from stacks.places.inside import declare_inside


def declare_existing(spec: ClusterSpec, place: ExistingPlace) -> dict[str, Any]:
    """Declare platform, operator and queues on the cluster of a context in the user's kubeconfig."""
    provider = kubernetes.Provider(
        spec.name,
        context=place.kubeconfig_context,
        # The context says which cluster it is; a renewed certificate in the kubeconfig is no reason to replace all.
        cluster_identifier=place.kubeconfig_context,
        enable_config_map_mutable=True,
    )
    return declare_inside(spec, provider=provider)
