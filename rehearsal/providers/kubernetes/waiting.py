"""Waiting for objects to be ready, or gone, and saying why they aren't. All waits end: by a deadline or by the user."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes.cluster import ApiError, Cluster, Kind, UnservedKindError
from rehearsal.providers.kubernetes.objects import Reference
from rehearsal.providers.kubernetes.readiness import Readiness
from rehearsal.providers.model import ProviderError

DEFAULT_TIMEOUT_S = 600.0
"""Seconds that creating, updating and deleting may take; the real provider's ten minutes."""

POLL_INTERVAL_S = 0.25
"""Seconds between two looks. A poll, since it can't miss what happened before it began and needs no reconnection."""

TELL_INTERVAL_S = 2.0
"""Seconds between two messages about the same wait."""

EVENTS_SHOWN = 5
"""The latest warnings that an error quotes."""


FOREGROUND = "foregroundDeletion"
"""The finalizer with which the garbage collector holds an object until its dependents are gone."""


class NotReadyError(ProviderError):
    """An object that exists and isn't ready; the reasons come from its status, its pods and events."""

    def __init__(self, reasons: list[str], last: Object) -> None:
        """Keep the reasons and the object as it was seen last."""
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.last = last


class Waiter:
    """Waits on one cluster's objects until the user gives up."""

    def __init__(self, cluster: Cluster) -> None:
        """Wait on this cluster."""
        self._cluster = cluster
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End all waits."""
        self._cancelled.set()

    def until_ready(
        self,
        kind: Kind,
        reference: Reference,
        rule: Callable[[Object], Readiness],
        *,
        timeout_s: float,
        tell: Callable[[str], None],
    ) -> Object:
        """The object once it is ready. Raises `NotReadyError`."""
        deadline = Deadline(timeout_s, self._cancelled)
        while True:
            live = self._cluster.get(kind, namespace=reference.namespace, name=reference.name)
            if live is None:
                raise ProviderError(f"{reference} was deleted by someone else while it was waited for")
            found = rule(live)
            if found.verdict == "ready":
                deadline.conclude(lambda: tell("ready"))
                return live
            if found.verdict == "failed":
                raise NotReadyError([f"{reference} failed: {found.reason}", *self._clues(live, reference)], live)
            ended = deadline.wait(lambda: tell(found.reason))  # noqa: B023  # called before the next round
            if ended:
                reasons = [f"{reference} isn't ready ({ended}): {found.reason}", *self._clues(live, reference)]
                raise NotReadyError(reasons, live)

    def until_gone(
        self, kind: Kind, reference: Reference, *, uid: str, timeout_s: float, tell: Callable[[str], None]
    ) -> None:
        """Return once the object is gone, or another one has its name. Raises `ProviderError`."""
        deadline = Deadline(timeout_s, self._cancelled)
        while True:
            live = self._cluster.get(kind, namespace=reference.namespace, name=reference.name)
            if live is None or live["metadata"]["uid"] != uid:
                deadline.conclude(lambda: tell("gone"))
                return
            held = _held_by(live)
            ended = deadline.wait(lambda: tell(held))  # noqa: B023  # called before the next round
            if ended:
                raise ProviderError(f"{reference} isn't gone ({ended}): {held}")

    def until_served(self, api_version: str, kind: str, *, timeout_s: float) -> Kind:
        """How a kind is served, once it is: the server serves a new definition some moments after establishing it."""
        deadline = Deadline(timeout_s, self._cancelled)
        while True:
            try:
                return self._cluster.kind(api_version, kind)
            except UnservedKindError:
                if deadline.wait():
                    raise

    def retrying(self, attempt: Callable[[], Object], *, timeout_s: float) -> Object:
        """The attempt's result; tried again while a webhook that should admit it isn't answering."""
        deadline = Deadline(timeout_s, self._cancelled)
        while True:
            try:
                return attempt()
            except ApiError as error:
                if "failed calling webhook" not in str(error) or deadline.wait():
                    raise

    def _clues(self, live: Object, reference: Reference) -> list[str]:
        """What events say about an object, and the states of its pods' containers."""
        uids = {live["metadata"]["uid"]}
        clues = []
        namespace = reference.namespace
        selector = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
        if namespace and selector and reference.kind != "Pod":
            labels = ",".join(f"{key}={value}" for key, value in selector.items())
            pods = self._cluster.list(self._cluster.kind("v1", "Pod"), namespace=namespace, labelSelector=labels)
            uids |= {pod["metadata"]["uid"] for pod in pods}
            clues += [clue for pod in pods for clue in _container_clues(pod)]
        elif reference.kind == "Pod":
            clues += _container_clues(live)
        events = self._cluster.list(
            self._cluster.kind("v1", "Event"), namespace=namespace or "default", fieldSelector="type=Warning"
        )
        about = [event for event in events if (event.get("involvedObject") or {}).get("uid") in uids]
        about.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return clues + [
            f"event on {event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}: "
            f"{event.get('reason')}: {event.get('message')}"
            for event in about[-EVENTS_SHOWN:]
        ]


class Deadline:
    """An end in time, or by the user."""

    def __init__(self, timeout_s: float, cancelled: threading.Event) -> None:
        """Begin now."""
        self._timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s
        self._cancelled = cancelled
        self._last_told = time.monotonic()
        self._has_told = False

    def conclude(self, tell: Callable[[], None]) -> None:
        """Say that the wait is over, if it was spoken of: the engine goes on showing the last message."""
        if self._has_told:
            tell()

    def wait(self, tell: Callable[[], None] | None = None) -> str | None:
        """Let some time pass; return why there is none left, if so. Now and then `tell` is called."""
        if tell is not None and time.monotonic() - self._last_told > TELL_INTERVAL_S:
            self._last_told = time.monotonic()
            self._has_told = True
            tell()
        if self._cancelled.wait(POLL_INTERVAL_S):
            return "cancelled"
        if time.monotonic() > self._end:
            return f"waited {self._timeout_s:.0f} s"
        return None


def _held_by(live: Object) -> str:
    finalizers = [name for name in live["metadata"].get("finalizers") or () if name != FOREGROUND]
    conditions = (live.get("status") or {}).get("conditions") or ()
    remaining = [
        entry["message"] for entry in conditions if "Remaining" in entry.get("type", "") and entry.get("message")
    ]
    if remaining:
        return "; ".join(remaining)
    return f"held by its finalizers {', '.join(finalizers)}" if finalizers else "it is being deleted"


def _container_clues(pod: Object) -> list[str]:
    status = pod.get("status") or {}
    clues = []
    for container in [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]:
        waiting = (container.get("state") or {}).get("waiting")
        if waiting:
            said = ": ".join(text for text in (waiting.get("reason"), waiting.get("message")) if text)
            clues.append(f"pod {pod['metadata']['name']}, container {container['name']}: {said}")
    return clues
