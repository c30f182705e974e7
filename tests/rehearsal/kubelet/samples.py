"""Pods to try things on."""

from __future__ import annotations

import base64
from typing import Any


def pod(**spec: Any) -> dict[str, Any]:  # noqa: ANN401  # any part of a pod's spec
    """A bound pod with one container."""
    return {
        "metadata": {
            "name": "web-0",
            "namespace": "prod",
            "uid": "1234",
            "labels": {"app": 'a "b"'},
            "annotations": {},
            "generation": 3,
        },
        "spec": {"nodeName": "node-1", "serviceAccountName": "web", "containers": [container()], **spec},
        "status": {},
    }


def container(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any field of a container
    """A container of a known image."""
    return {"name": "main", "image": "registry.k8s.io/kueue/kueue:v0.15.0", **fields}


def config_map(**data: str) -> dict[str, Any]:
    """A ConfigMap's contents."""
    return {"data": data}


def secret(**data: str) -> dict[str, Any]:
    """A Secret's contents."""
    return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}}
