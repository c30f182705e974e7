"""kopf's part: logging in, watching, and passing each event on. Nothing is decided here.

No finalizers and no annotations: handlers are `on.event` alone, so kopf writes nothing to any object, and a job can be
deleted while the operator is down.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import kopf
from kubernetes.aio import client, config

from operators.reconciling import Reconciler
from operators.store import KINDS, Kind

if TYPE_CHECKING:
    from rackwright.specs import ClusterSpec

PREFIX = "rackwright.dev"
"""Of everything that kopf might ever write to an object."""

WATCH_TIMEOUT_S = 300
"""Seconds after which a watch is made anew, the server's side: a silent one is no longer believed (kopf#585)."""

CONNECT_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 60.0
ERROR_DELAYS_S = (1, 2, 5, 10, 30)
"""Seconds between repeated requests of kopf's own."""

WORKERS = 100
"""Events taken in side by side; each is a few dictionary operations."""


def register(cluster: ClusterSpec, *, resync_s: float) -> kopf.OperatorRegistry:
    """All handlers, with their reconciler in a registry of its own."""
    registry = kopf.OperatorRegistry()
    running: dict[str, Any] = {}

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: object) -> None:
        configure(settings)
        await load_connection()
        api = client.ApiClient()
        reconciler = Reconciler(api, cluster, resync_s=resync_s)
        running.update(api=api, reconciler=reconciler, task=asyncio.create_task(reconciler.run()))

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: object) -> None:
        running["task"].cancel()
        await asyncio.gather(running["task"], return_exceptions=True)
        await running["api"].close()

    @kopf.on.probe(id="secondsSinceHeard", registry=registry)
    def seconds_since_heard(**_: object) -> float:
        reconciler: Reconciler = running["reconciler"]
        return round(time.monotonic() - reconciler.last_heard, 1)

    kopf.on.login(registry=registry, retries=5)(kopf.login_via_client)

    for kind in KINDS:
        watch(kind, running, registry)
    return registry


def watch(kind: Kind, running: dict[str, Any], registry: kopf.OperatorRegistry) -> None:
    """Pass each event of a kind on to the reconciler."""

    async def hear(event: kopf.RawEvent, **_: object) -> None:
        running["reconciler"].hear(kind, event["object"], deleted=event["type"] == "DELETED")

    kopf.on.event(kind.group, kind.version, kind.plural, id=f"hear-{kind.plural}", registry=registry)(hear)


def configure(settings: kopf.OperatorSettings) -> None:
    """Every setting that matters here, explicitly."""
    settings.persistence.finalizer = f"{PREFIX}/operator"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX)
    settings.posting.enabled = False  # events are the operator's own, from decisions
    settings.watching.server_timeout = WATCH_TIMEOUT_S
    settings.watching.client_timeout = WATCH_TIMEOUT_S + 30
    settings.watching.connect_timeout = CONNECT_TIMEOUT_S
    settings.networking.connect_timeout = CONNECT_TIMEOUT_S
    settings.networking.request_timeout = REQUEST_TIMEOUT_S
    settings.networking.error_backoffs = ERROR_DELAYS_S
    settings.queueing.worker_limit = WORKERS
    settings.peering.standalone = True
    settings.scanning.disabled = False


async def load_connection() -> None:
    """Configure the Kubernetes client: in a pod by its service account, elsewhere by the kubeconfig."""
    try:
        config.load_incluster_config()  # type: ignore[no-untyped-call]  # the package leaves it bare
    except config.ConfigException:
        await config.load_kube_config()  # type: ignore[no-untyped-call]  # as above
