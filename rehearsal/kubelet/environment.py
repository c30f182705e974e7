"""A container's environment, from its pod and what the pod refers to."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.api_server import Object
from rehearsal.kubelet.errors import configuration_error, unsupported

Reference = tuple[str, str]
"""Kind (`ConfigMap`, `Secret`) and name."""

_VARIABLE = re.compile(r"\$(?:(?P<escape>\$)|\((?P<name>[^()]*)\))")
_SUBSCRIPT = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` as Kubernetes does: an unknown name stays as it is, `$$` is a dollar sign."""

    def value(match: re.Match[str]) -> str:
        return "$" if match["escape"] else variables.get(match["name"], match.group())

    return _VARIABLE.sub(value, text)


def environment(
    container: Object, *, pod: Object, references: Mapping[Reference, Object | None], node_ip: str, pod_ip: str
) -> dict[str, str]:
    """The variables that the container declares; raise `ContainerError` for a reference that leads nowhere."""
    variables: dict[str, str] = {}
    for source in container.get("envFrom", []):
        variables.update(_all_keys(source, references))
    for entry in container.get("env", []):
        if "valueFrom" not in entry:
            variables[entry["name"]] = expand(entry.get("value", ""), variables)
            continue
        value = _value_from(entry["valueFrom"], pod, references, node_ip, pod_ip)
        if value is not None:
            variables[entry["name"]] = value
    return variables


def referred(container: Object) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that a container's environment takes values from."""
    for source in container.get("envFrom", []):
        yield from _kind_and_name(source, "configMapRef", "secretRef")
    for entry in container.get("env", []):
        yield from _kind_and_name(entry.get("valueFrom", {}), "configMapKeyRef", "secretKeyRef")


def field(pod: Object, path: str, *, node_ip: str, pod_ip: str) -> str:
    """A field of the pod as the downward API gives it; raise `ContainerError` for one that it doesn't have."""
    metadata, spec = pod["metadata"], pod["spec"]
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        value: str = metadata.get(subscript["map"], {}).get(subscript["key"], "")
        return value
    if path in ("metadata.labels", "metadata.annotations"):
        entries: Mapping[str, str] = metadata.get(path.removeprefix("metadata."), {})
        return "\n".join(f'{key}="{_escaped(text)}"' for key, text in sorted(entries.items()))
    fields = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec["nodeName"],
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": node_ip,
        "status.hostIPs": node_ip,
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
    }
    if path not in fields:
        raise configuration_error(
            f"fieldRef {path!r} is no field of a pod; expected one of {', '.join(sorted(fields))}"
        )
    return str(fields[path])


def data(found: Object, *, kind: str) -> dict[str, bytes]:
    """The contents of a ConfigMap or Secret."""
    if kind == "Secret":
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    texts = {key: value.encode() for key, value in (found.get("data") or {}).items()}
    return texts | {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _kind_and_name(source: Mapping[str, Any], config_map: str, secret: str) -> Iterator[Reference]:
    for key, kind in ((config_map, "ConfigMap"), (secret, "Secret")):
        if key in source:
            yield kind, source[key]["name"]


def _all_keys(source: Object, references: Mapping[Reference, Object | None]) -> dict[str, str]:
    prefix = source.get("prefix", "")
    variables: dict[str, str] = {}
    for kind, name in _kind_and_name(source, "configMapRef", "secretRef"):
        found = references.get((kind, name))
        if found is None:
            if not _optional(source, kind, "Ref"):
                raise configuration_error(f"envFrom: {kind} {name!r} is not there; create it in the pod's namespace")
            continue
        variables.update({prefix + key: value.decode() for key, value in data(found, kind=kind).items()})
    return variables


def _value_from(
    source: Object, pod: Object, references: Mapping[Reference, Object | None], node_ip: str, pod_ip: str
) -> str | None:
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"], node_ip=node_ip, pod_ip=pod_ip)
    for kind, name in _kind_and_name(source, "configMapKeyRef", "secretKeyRef"):
        key = source["configMapKeyRef" if kind == "ConfigMap" else "secretKeyRef"]["key"]
        found = references.get((kind, name))
        contents = data(found, kind=kind) if found is not None else {}
        if key in contents:
            return contents[key].decode()
        if _optional(source, kind, "KeyRef"):
            return None
        raise configuration_error(f"{kind} {name!r} has no key {key!r}; it is asked for by the environment")
    raise unsupported(f"an environment value from {', '.join(source)}")


def _optional(source: Object, kind: str, suffix: str) -> bool:
    key = ("configMap" if kind == "ConfigMap" else "secret") + suffix
    return bool(source[key].get("optional", False))
