"""The operator's own objects: namespace, identity and rights, the cluster's spec as a ConfigMap, the Deployment."""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from rackwright.rendering.nodes import pool_labels
from rackwright.rendering.templates import render, templates_directory
from rackwright.specs import ClusterSpec

NAMESPACE = "rackwright-system"
NAME = "rackwright-operator"
"""Of the ServiceAccount, the ClusterRole, its binding and the Deployment."""

CONFIG_MAP = "rackwright-cluster"
"""Begins the name of what holds the part of the cluster's spec from which the operator learns the fabric, the GPU pool
and the queues. The rest of the name is of the content: another content is another object, so that an operator that is
started anew for it can't get the one before from its kubelet's memory."""

CONTENT_DIGITS = 10
"""Hexadecimal digits of the content's SHA-256 in the name: 40 bits tell a cluster's few contents apart."""


def definition_objects() -> list[dict[str, Any]]:
    """The definitions of our own kinds, from `manifests/crds/` (generated files, no templates)."""
    paths = sorted((templates_directory() / "crds").glob("*.yaml"))
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]


def operator_objects(spec: ClusterSpec) -> list[dict[str, Any]]:
    """All that runs the operator on the cluster of `spec`, in the order of creation; its own kinds are apart."""
    cluster_json = spec.for_jobs().model_dump_json(by_alias=True, exclude_none=True, indent=2)
    content = hashlib.sha256(cluster_json.encode()).hexdigest()[:CONTENT_DIGITS]
    return render(
        "operator/operator.yaml.j2",
        namespace=NAMESPACE,
        name=NAME,
        labels={"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "rackwright"},
        config_map=f"{CONFIG_MAP}-{content}",
        cluster_json=cluster_json,
        node_selector=pool_labels(spec.system_pool),
        image=spec.platform.operator.image,
        resync_s=spec.platform.operator.resync_s,
    )
