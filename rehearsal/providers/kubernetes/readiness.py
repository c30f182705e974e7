"""Whether an object is ready, by its kind or by what the program waits for. Pure decisions; `waiting` asks and waits.

The rules are those of the real provider ("await logic"), in brief: rolled out, established, active, completed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rehearsal.api_server import Object
from rehearsal.providers.kubernetes.objects import SKIP_AWAIT, WAIT_FOR, annotations_of
from rehearsal.providers.model import ProviderError
from rehearsal.providers.values import Properties


@dataclass(frozen=True)
class Readiness:
    """What an object's state means for who waits for it."""

    verdict: Literal["ready", "waiting", "failed"]
    reason: str = ""
    """Why it isn't ready."""


READY = Readiness("ready")


def _waiting(reason: str) -> Readiness:
    return Readiness("waiting", reason)


def rule_for(inputs: Properties) -> Callable[[Object], Readiness] | None:
    """How to tell whether an object is ready; None: it is as soon as it exists. Raises `ProviderError`."""
    asked = annotations_of(inputs)
    if asked.get(SKIP_AWAIT) == "true":
        return None
    if WAIT_FOR in asked:
        return _any_of([_expression(text) for text in _expressions(asked[WAIT_FOR])])
    return _RULES.get((str(inputs["apiVersion"]).split("/", maxsplit=1)[0], inputs["kind"]))


def condition(obj: Object, kind: str) -> Object:
    """A condition of the status; empty if there is none, or if it's about an older generation."""
    for entry in (obj.get("status") or {}).get("conditions") or ():
        if entry.get("type") == kind:
            generation = obj["metadata"].get("generation", 0)
            return entry if entry.get("observedGeneration", generation) >= generation else {}
    return {}


def _reason(entry: Object, otherwise: str) -> str:
    said = ": ".join(text for text in (entry.get("reason"), entry.get("message")) if text)
    return said or otherwise


def _is_observed(obj: Object) -> bool:
    status = obj.get("status") or {}
    return bool(status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 0))


def _deployment(obj: Object) -> Readiness:
    spec, status = obj["spec"], obj.get("status") or {}
    if not _is_observed(obj):
        return _waiting("the deployment controller hasn't seen it yet")
    progressing = condition(obj, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness("failed", _reason(progressing, ""))
    wanted = spec.get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted or status.get("replicas", 0) > updated or available < wanted:
        return _waiting(f"{available} of {wanted} replicas available, {updated} up to date")
    return READY


def _stateful_set(obj: Object) -> Readiness:
    spec, status = obj["spec"], obj.get("status") or {}
    if not _is_observed(obj):
        return _waiting("the statefulset controller hasn't seen it yet")
    wanted = spec.get("replicas", 1)
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < wanted or updated < wanted:
        return _waiting(f"{ready} of {wanted} replicas ready, {updated} up to date")
    return READY


def _daemon_set(obj: Object) -> Readiness:
    status = obj.get("status") or {}
    if not _is_observed(obj):
        return _waiting("the daemonset controller hasn't seen it yet")
    wanted = status.get("desiredNumberScheduled", 0)
    available, updated = status.get("numberAvailable", 0), status.get("updatedNumberScheduled", 0)
    if available < wanted or updated < wanted:
        return _waiting(f"{available} of {wanted} nodes available, {updated} up to date")
    return READY


def _pod(obj: Object) -> Readiness:
    status = obj.get("status") or {}
    if status.get("phase") == "Failed":
        return Readiness("failed", _reason(status, "the pod failed"))
    if status.get("phase") == "Succeeded" or condition(obj, "Ready").get("status") == "True":
        return READY
    unscheduled = condition(obj, "PodScheduled")
    if unscheduled.get("status") == "False":
        return _waiting(_reason(unscheduled, "not scheduled"))
    return _waiting(_reason(condition(obj, "Ready"), f"phase {status.get('phase', 'unknown')}"))


def _job(obj: Object) -> Readiness:
    failed = condition(obj, "Failed")
    if failed.get("status") == "True":
        return Readiness("failed", _reason(failed, "the job failed"))
    if condition(obj, "Complete").get("status") == "True":
        return READY
    status = obj.get("status") or {}
    return _waiting(f"{status.get('active', 0)} pods active, {status.get('succeeded', 0)} succeeded")


def _definition(obj: Object) -> Readiness:
    names = condition(obj, "NamesAccepted")
    if names.get("status") == "False":
        return Readiness("failed", _reason(names, "its names are taken"))
    if condition(obj, "Established").get("status") == "True":
        return READY
    return _waiting("not established yet")


def _namespace(obj: Object) -> Readiness:
    phase = (obj.get("status") or {}).get("phase")
    return READY if phase == "Active" else _waiting(f"phase {phase}")


def _claim(obj: Object) -> Readiness:
    phase = (obj.get("status") or {}).get("phase")
    if phase == "Lost":
        return Readiness("failed", "its volume is lost")
    return READY if phase == "Bound" else _waiting(f"phase {phase}: no volume is bound to it")


def _service(obj: Object) -> Readiness:
    if obj["spec"].get("type") != "LoadBalancer":
        return READY
    ingress = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return READY if ingress else _waiting("its load balancer has no address yet")


_RULES: dict[tuple[str, str], Callable[[Object], Readiness]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("v1", "Pod"): _pod,
    ("v1", "Namespace"): _namespace,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
"""By API group (`v1` for the core group) and kind."""


def _any_of(rules: list[Callable[[Object], Readiness]]) -> Callable[[Object], Readiness]:
    def ready(obj: Object) -> Readiness:
        verdicts = [rule(obj) for rule in rules]
        if any(each.verdict == "ready" for each in verdicts):
            return READY
        return _waiting(" and ".join(each.reason for each in verdicts))

    return ready


def _expressions(text: str) -> list[str]:
    """The annotation's expressions: one, or a JSON array of which any is enough."""
    if not text.lstrip().startswith("["):
        return [text]
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(item, str) for item in found):
        raise ProviderError(f"annotation {WAIT_FOR}: found {text!r}, expected an expression or a JSON array of them")
    return found


def _expression(text: str) -> Callable[[Object], Readiness]:
    kind, _, rest = text.partition("=")
    if kind == "condition" and rest:
        name, _, wanted = rest.partition("=")
        return lambda obj: _condition_is(obj, name, wanted or "True")
    path = re.fullmatch(r"\{?\.?((?:[^{}=\\]|\\.)+)\}?(?:=(.*))?", rest)
    if kind == "jsonpath" and path:
        keys = _keys(path[1], text)
        return lambda obj: _value_is(obj, keys, path[2], rest)
    raise ProviderError(
        f"annotation {WAIT_FOR}: found {text!r}, expected condition=TYPE, condition=TYPE=STATUS, jsonpath={{.PATH}} or "
        "jsonpath={.PATH}=VALUE"
    )


def _keys(path: str, text: str) -> list[str | int]:
    """The steps of a plain path; filters and wildcards are refused."""
    keys: list[str | int] = []
    position = 0
    for step in re.finditer(r"\.?((?:[^.\[\]\\*?@()]|\\.)+)|\[(\d+)\]", path):
        if step.start() != position:
            break
        position = step.end()
        keys.append(int(step[2]) if step[2] else re.sub(r"\\(.)", r"\1", step[1]))
    if position != len(path):
        raise ProviderError(
            f"annotation {WAIT_FOR}: {text!r} is not modelled by this stand-in provider, which takes paths of names "
            "and [index] alone; use condition=TYPE where it fits"
        )
    return keys


def _condition_is(obj: Object, name: str, wanted: str) -> Readiness:
    entry = condition(obj, name)
    if str(entry.get("status", "")).lower() == wanted.lower():
        return READY
    return _waiting(f"condition {name} is {_reason(entry, str(entry.get('status', 'not there')))}, expected {wanted}")


def _value_is(obj: Object, keys: list[str | int], wanted: str | None, path: str) -> Readiness:
    value: Any = obj
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return _waiting(f"{path}: there is no {key}")
    text = value if isinstance(value, str) else json.dumps(value)
    if wanted is None or text == wanted:
        return READY
    return _waiting(f"{path}: found {text}")
