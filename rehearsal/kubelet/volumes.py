"""A pod's volumes as folders of files, kept up to date.

What a volume holds is decided from what the pod refers to; writing follows the kubelet's atomic writer (Kubernetes'
pkg/volume/util/atomic_writer.go): a new folder, then one rename of the link `..data`, so that a process that watches
its certificate and key never sees one new and one old.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.api_server import Object
from rehearsal.kubelet.environment import Reference, data, field
from rehearsal.kubelet.errors import configuration_error, unsupported
from rehearsal.kubelet.paths import Mount

Files = dict[str, bytes]
"""Path in the volume to content."""

_LINK = "..data"
_VERSION_PREFIX = "..version-"

_KEYED = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """A service-account token that a volume wants."""

    audience: str | None
    """None for the API server."""
    lifetime_s: int


DEFAULT_TOKEN_LIFETIME_S = 3600
"""Seconds; Kubernetes' default for projected tokens."""


def referred(pod: Object) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that the pod's volumes hold."""
    for volume in pod["spec"].get("volumes", []):
        for source in _sources(volume):
            yield from _reference(source)


def token_requests(pod: Object) -> Iterator[TokenRequest]:
    """The tokens that the pod's volumes hold."""
    for volume in pod["spec"].get("volumes", []):
        for source in _sources(volume):
            if "serviceAccountToken" in source:
                yield _token_request(source)


def files(
    volume: Object,
    *,
    pod: Object,
    references: Mapping[Reference, Object | None],
    tokens: Mapping[TokenRequest, str],
    node_ip: str,
    pod_ip: str,
) -> Files | None:
    """What a volume holds now; None for an emptyDir, which is the container's to fill."""
    if "emptyDir" in volume:
        return None
    contents: Files = {}
    for source in _sources(volume):
        if "serviceAccountToken" in source:
            contents[source["serviceAccountToken"]["path"]] = tokens[_token_request(source)].encode()
        elif "downwardAPI" in source:
            for item in source["downwardAPI"].get("items", []):
                if "fieldRef" not in item:
                    raise unsupported(f"downwardAPI item {item['path']!r} without fieldRef")
                text = field(pod, item["fieldRef"]["fieldPath"], node_ip=node_ip, pod_ip=pod_ip)
                contents[item["path"]] = text.encode()
        else:
            contents.update(_keyed_files(volume, source, references))
    return contents


def mounts(container: Object, *, volumes_directory: Path) -> list[Mount]:
    """Where a container's mounts are on this machine."""
    return [
        Mount(path=mount["mountPath"], local=volumes_directory / mount["name"] / mount.get("subPath", ""))
        for mount in container.get("volumeMounts", [])
    ]


def write(directory: Path, contents: Files) -> None:
    """Make a folder hold exactly these files, all changed at once, readable by their owner alone."""
    if read(directory) == contents:
        return
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = directory / f"{_VERSION_PREFIX}{secrets.token_hex(4)}"
    version.mkdir(mode=0o700)
    for path, content in contents.items():
        target = version / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        target.write_bytes(content)
    link, new_link = directory / _LINK, directory / f"{_LINK}-new"
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(version.name)
    new_link.replace(link)
    _link_names(directory, contents)
    for old in directory.glob(f"{_VERSION_PREFIX}*"):
        if old != version:
            shutil.rmtree(old)


def read(directory: Path) -> Files | None:
    """What a folder written by `write` holds; None when it isn't one."""
    current = directory / _LINK
    if not current.is_dir():
        return None
    return {str(path.relative_to(current)): path.read_bytes() for path in current.rglob("*") if path.is_file()}


def _link_names(directory: Path, contents: Files) -> None:
    names = {path.partition("/")[0] for path in contents}
    for name in names:
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"{_LINK}/{name}")
    for entry in directory.iterdir():
        if entry.is_symlink() and entry.name not in names | {_LINK}:
            entry.unlink()


def _sources(volume: Object) -> list[Object]:
    if "projected" in volume:
        sources: list[Object] = volume["projected"].get("sources", [])
        return sources
    if "emptyDir" in volume:
        return []
    if any(kind in volume for kind in (*_KEYED, "downwardAPI")):
        return [volume]
    kinds = ", ".join(key for key in volume if key != "name")
    raise unsupported(f"volume {volume['name']!r} of kind {kinds}")


def _reference(source: Object) -> Iterator[Reference]:
    for key, (kind, name_key) in _KEYED.items():
        if key in source:
            yield kind, source[key].get(name_key) or source[key]["name"]


def _token_request(source: Object) -> TokenRequest:
    token = source["serviceAccountToken"]
    return TokenRequest(
        audience=token.get("audience"), lifetime_s=token.get("expirationSeconds", DEFAULT_TOKEN_LIFETIME_S)
    )


def _keyed_files(volume: Object, source: Object, references: Mapping[Reference, Object | None]) -> Files:
    key = next((key for key in _KEYED if key in source), None)
    if key is None:
        raise unsupported(f"volume {volume['name']!r} from {', '.join(source)}")
    (reference,) = _reference(source)
    kind, name = reference
    optional = source[key].get("optional", False)
    found = references.get(reference)
    if found is None:
        if optional:
            return {}
        raise configuration_error(
            f"volume {volume['name']!r}: {kind} {name!r} is not there; create it in the namespace"
        )
    contents = data(found, kind=kind)
    items = source[key].get("items")
    if items is None:
        return contents
    missing = [item["key"] for item in items if item["key"] not in contents]
    if missing and not optional:
        raise configuration_error(f"volume {volume['name']!r}: {kind} {name!r} has no key {missing[0]!r}")
    return {item["path"]: contents[item["key"]] for item in items if item["key"] in contents}
