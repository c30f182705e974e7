"""What a host does when it boots, as far as it shows on its node: labels and taints from its metadata.

A host gets them in two ways: OKE's own bootstrap reads `oke-initial-node-labels`, and Rackwright's script, brought by
cloud-init in `user_data`, reads the file `/etc/rackwright/node.json` that cloud-init wrote beside it and the host's
place in the fabric. Only that file is taken from `user_data`; no script is run.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from rackwright.rendering.nodes import NODE_DOCUMENT_PATH
from rehearsal.cloud.errors import invalid

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of gzip data (RFC 1952), which cloud-init recognises."""


@dataclass(frozen=True)
class Bootstrap:
    """How a host joins its cluster."""

    joins: bool = False
    """Whether there is anything that makes it join."""
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[dict[str, str], ...] = ()
    unplaced_taints: tuple[dict[str, str], ...] = ()
    """Those of a host that doesn't learn its place in the fabric, besides."""
    topology: dict[str, str] = field(default_factory=dict)
    """The node label for each key of the host's topology metadata."""


def bootstrap(metadata: dict[str, str]) -> Bootstrap:
    """Read an instance's metadata; raise `OracleError` for what Oracle or cloud-init can't read."""
    initial = _pairs(metadata.get("oke-initial-node-labels", ""))
    node = _node_file(_user_data(metadata.get("user_data", "")))
    if node is None:
        return Bootstrap(joins="apiserver_host" in metadata, labels=initial)
    return Bootstrap(
        joins=True,
        labels={**initial, **node.get("labels", {})},
        taints=_taints(node, "taints"),
        unplaced_taints=_taints(node, "unplaced_taints"),
        topology=node.get("topology", {}),
    )


def _user_data(encoded: str) -> dict[str, Any]:
    """The cloud-config document, empty for user data of another kind."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise invalid(f"metadata.user_data is not base64: {error}") from error
    if raw.startswith(GZIP_MAGIC):
        raw = gzip.decompress(raw)
    if not raw.startswith(b"#cloud-config"):
        return {}
    try:
        document = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise invalid(f"metadata.user_data is a cloud-config that isn't YAML: {error}") from error
    return document if isinstance(document, dict) else {}


def _node_file(cloud_config: dict[str, Any]) -> dict[str, Any] | None:
    for file in cloud_config.get("write_files") or []:
        if file.get("path") == NODE_DOCUMENT_PATH:
            return _parsed(_content(file))
    return None


def _content(file: dict[str, Any]) -> bytes:
    """A file's content in any of the encodings that cloud-init knows (its documentation, "Write Files")."""
    content = file.get("content", "")
    raw = content if isinstance(content, bytes) else str(content).encode()
    encodings = str(file.get("encoding", "text/plain")).lower().replace("base64", "b64").split("+")
    if "b64" in encodings:
        raw = base64.b64decode(raw)
    return gzip.decompress(raw) if {"gz", "gzip"} & set(encodings) else raw


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise invalid(f"{NODE_DOCUMENT_PATH} in metadata.user_data is not JSON: {error}") from error
    return document


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def _taints(node: dict[str, Any], kind: str) -> tuple[dict[str, str], ...]:
    return tuple(_taint(text) for text in node.get(kind, []))


def _taint(text: str) -> dict[str, str]:
    """A taint as kubelet's `--register-with-taints` writes it: `key=value:Effect`."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    if not key or effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise invalid(f"{NODE_DOCUMENT_PATH}: {text!r} is not a taint, which is written key=value:NoSchedule")
    return {"key": key, "effect": effect, **({"value": value} if value else {})}
