"""What is said during a wait and at its end, on a cluster whose answers the test decides."""

from __future__ import annotations

from typing import cast

import pytest

from rehearsal.api_server import Answer, Object
from rehearsal.providers.kubernetes import waiting
from rehearsal.providers.kubernetes.cluster import ApiError, Cluster, Kind
from rehearsal.providers.kubernetes.objects import Reference
from rehearsal.providers.kubernetes.readiness import READY, Readiness
from rehearsal.providers.kubernetes.waiting import NotReadyError, Waiter
from rehearsal.providers.model import ProviderError

pytestmark = pytest.mark.mocked

LONG_S = 60.0
"""Seconds that no wait in here comes near to."""

DEPLOYMENT = Reference(api_version="apps/v1", kind="Deployment", namespace="team", name="web")
KIND = Kind(api_version="apps/v1", plural="deployments", namespaced=True)


class ScriptedCluster:
    """Answers each look at the object with the next of these, and lists what it's told to."""

    def __init__(self, *looks: Object | None, lists: dict[str, list[Object]] | None = None) -> None:
        """Begin with the first."""
        self._looks = list(looks)
        self._lists = lists or {}

    def kind(self, api_version: str, kind: str) -> Kind:
        """Kinds are all served."""
        return Kind(api_version=api_version, plural=kind, namespaced=True)

    def get(self, kind: Kind, *, namespace: str | None, name: str) -> Object | None:
        """The next look; the last one for ever."""
        assert (kind, namespace, name) == (KIND, "team", "web")
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

    def list(self, kind: Kind, *, namespace: str | None, **selectors: str) -> list[Object]:
        """What there is of a kind."""
        assert namespace == "team"
        assert selectors
        return self._lists.get(kind.plural, [])


def refusal(status: int, message: str) -> ApiError:
    """What the API server says when it refuses a request."""
    return ApiError(Answer(status=status, body={"kind": "Status", "message": message}))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once, and say something at every look."""
    monkeypatch.setattr(waiting, "POLL_INTERVAL_S", 0.0)
    monkeypatch.setattr(waiting, "TELL_INTERVAL_S", -1.0)


def look(state: str, **metadata: object) -> Object:
    """The object in some state."""
    return {
        "metadata": {"uid": "1", **metadata},
        "spec": {"selector": {"matchLabels": {"a": "b"}}},
        "status": {"phase": state},
    }


def rule(live: Object) -> Readiness:
    """Ready when its state says so."""
    if live["status"]["phase"] == "ready":
        return READY
    return Readiness("failed" if live["status"]["phase"] == "broken" else "waiting", f"it is {live['status']['phase']}")


def waiter(cluster: ScriptedCluster) -> Waiter:
    """A waiter on the scripted cluster."""
    return Waiter(cast("Cluster", cluster))


def test_progress_is_told_and_its_end_too() -> None:
    """The engine goes on showing the last message."""
    told: list[str] = []
    cluster = ScriptedCluster(look("made"), look("starting"), look("ready"))
    live = waiter(cluster).until_ready(KIND, DEPLOYMENT, rule, timeout_s=LONG_S, tell=told.append)
    assert live["status"]["phase"] == "ready"
    assert told == ["it is made", "it is starting", "ready"]


def test_what_is_ready_at_once_is_not_spoken_of() -> None:
    """Most objects are."""
    told: list[str] = []
    waiter(ScriptedCluster(look("ready"))).until_ready(KIND, DEPLOYMENT, rule, timeout_s=LONG_S, tell=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("state", "timeout_s", "reason"),
    [
        ("broken", LONG_S, "Deployment team/web failed: it is broken"),
        ("starting", 0.0, "Deployment team/web isn't ready (waited 0 s): it is starting"),
    ],
)
def test_what_does_not_get_ready_comes_with_clues(state: str, timeout_s: float, reason: str) -> None:
    """From its pods' containers, and from events about it and about them, but nobody else's."""
    pod = {
        "metadata": {"name": "web-1", "uid": "2"},
        "status": {
            "containerStatuses": [
                {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
            ]
        },
    }
    events = [
        {"involvedObject": {"uid": uid, "kind": "Pod", "name": f"pod-{uid}"}, "reason": "Failed", "message": "why"}
        for uid in ("2", "3")
    ]
    cluster = ScriptedCluster(look(state), lists={"Pod": [pod], "Event": events})
    with pytest.raises(NotReadyError) as caught:
        waiter(cluster).until_ready(KIND, DEPLOYMENT, rule, timeout_s=timeout_s, tell=lambda _: None)
    assert caught.value.reasons == [
        reason,
        "pod web-1, container main: ImagePullBackOff: no such image",
        "event on Pod pod-2: Failed: why",
    ]


def test_an_object_that_vanishes_is_not_waited_for() -> None:
    """Someone else deleted it."""
    with pytest.raises(ProviderError, match="was deleted by someone else"):
        waiter(ScriptedCluster(None)).until_ready(KIND, DEPLOYMENT, rule, timeout_s=LONG_S, tell=lambda _: None)


@pytest.mark.parametrize("last", [None, look("made", uid="2")], ids=["no object", "another object"])
def test_an_object_is_gone_when_its_uid_is(last: Object | None) -> None:
    """Another one may have taken its name already."""
    told: list[str] = []
    cluster = ScriptedCluster(look("ready", finalizers=["example.com/hold", "foregroundDeletion"]), last)
    waiter(cluster).until_gone(KIND, DEPLOYMENT, uid="1", timeout_s=LONG_S, tell=told.append)
    assert told == ["held by its finalizers example.com/hold", "gone"]


def test_a_webhook_that_is_not_answering_yet_is_tried_again() -> None:
    """Its pods are ready some moments before its service leads to them; other errors are errors."""
    answers: list[ApiError | Object] = [
        refusal(500, 'Internal error occurred: failed calling webhook "w": connection refused'),
        look("made"),
    ]

    def attempt() -> Object:
        answer = answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    trying = waiter(ScriptedCluster(None))
    assert trying.retrying(attempt, timeout_s=LONG_S) == look("made")
    answers = [refusal(422, "spec.x: Invalid value")]
    with pytest.raises(ApiError, match="Invalid value"):
        trying.retrying(attempt, timeout_s=LONG_S)
