"""Connecting to a rehearsal's API server as one of its users."""

from __future__ import annotations

from pathlib import Path

from kubernetes import client, config


def connect(kubeconfig: Path) -> client.ApiClient:
    """Connect as the user of a kubeconfig."""
    api: client.ApiClient = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]  # the package's config module has no types
    return api
