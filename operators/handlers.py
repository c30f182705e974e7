"""kopf's part: logging in, watching, and passing each event on. Nothing is decided here.

No finalizers and no annotations: handlers are `on.event` alone, so kopf writes nothing to any object, and a job can be
deleted while the operator is down.
"""

from __future__ import annotations

import time

import kopf

from operators.reconciling import PAGE_SIZE, Reconciler
from operators.store import KINDS, Kind

PREFIX = "rackwright.dev"
"""Of everything that kopf might ever write to an object."""

WATCH_TIMEOUT_S = 300
"""Seconds after which a watch is made anew, the server's side: a silent one is no longer believed (kopf#585)."""

CONNECT_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 60.0
ERROR_DELAYS_S = (1, 2, 5, 10, 30)
"""Seconds between repeated requests of kopf's own."""

IDLE_S = 1.0
"""Seconds that kopf keeps the task of an object after its last event.

It has one for each object of which it heard lately, and none must wait for another's end: with a limit of n, only
n events would pass in this time.
"""

EXIT_S = 10.0
"""Seconds to end in before kopf kills the process; less than the pod's `terminationGracePeriodSeconds`."""


def register(reconciler: Reconciler) -> kopf.OperatorRegistry:
    """All handlers, in a registry of their own."""
    registry = kopf.OperatorRegistry()

    @kopf.on.probe(id="secondsSinceHeard", registry=registry)
    def seconds_since_heard(**_: object) -> float:
        return round(time.monotonic() - reconciler.last_heard, 1)

    kopf.on.login(registry=registry, retries=5)(kopf.login_via_client)
    for kind in KINDS:
        watch(kind, reconciler, registry)
    return registry


def watch(kind: Kind, reconciler: Reconciler, registry: kopf.OperatorRegistry) -> None:
    """Pass each event of a kind on to the reconciler."""

    async def hear(event: kopf.RawEvent, **_: object) -> None:
        reconciler.hear(kind, event["object"], deleted=event["type"] == "DELETED")

    kopf.on.event(kind.group, kind.version, kind.plural, id=f"hear-{kind.plural}", registry=registry)(hear)


def settings() -> kopf.OperatorSettings:
    """Every setting of kopf's that matters here, explicitly."""
    settings = kopf.OperatorSettings()
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
    settings.watching.chunk_size = PAGE_SIZE
    settings.queueing.worker_limit = None
    settings.queueing.idle_timeout = IDLE_S
    settings.process.ultimate_exiting_timeout = EXIT_S
    settings.peering.standalone = True
    for kind in KINDS:
        if kind.label_selector:
            settings.watching.label_selectors[kind.plural] = kind.label_selector
    return settings
