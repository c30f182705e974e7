"""Volumes hold what the pod refers to, readable by their owner alone, and change all at once."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from rehearsal.kubelet import volumes
from rehearsal.kubelet.errors import ContainerError
from tests.rehearsal.kubelet.samples import config_map, pod, secret

pytestmark = pytest.mark.pure

SERVICE_ACCOUNT = {
    "name": "kube-api-access-x",
    "projected": {
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ]
    },
}


def files(volume: dict[str, Any], references: dict[Any, Any] | None = None) -> volumes.Files | None:
    """What a volume of the sample pod holds."""
    return volumes.files(
        volume,
        pod=pod(),
        references=references or {},
        tokens={volumes.TokenRequest(audience=None, lifetime_s=3607): "secret-token"},
        node_ip="",
        pod_ip="",
    )


def test_a_service_account_volume() -> None:
    found = files(SERVICE_ACCOUNT, {("ConfigMap", "kube-root-ca.crt"): config_map(**{"ca.crt": "PEM", "other": "x"})})
    assert found == {"token": b"secret-token", "ca.crt": b"PEM", "namespace": b"prod"}


def test_references_and_tokens_of_a_pod_are_found() -> None:
    declared = pod(
        volumes=[SERVICE_ACCOUNT, {"name": "s", "secret": {"secretName": "keys"}}, {"name": "e", "emptyDir": {}}]
    )
    assert list(volumes.referred(declared)) == [("ConfigMap", "kube-root-ca.crt"), ("Secret", "keys")]
    assert list(volumes.token_requests(declared)) == [volumes.TokenRequest(audience=None, lifetime_s=3607)]


def test_a_secret_by_items() -> None:
    volume = {"name": "s", "secret": {"secretName": "keys", "items": [{"key": "a", "path": "sub/a.txt"}]}}
    assert files(volume, {("Secret", "keys"): secret(a="1", b="2")}) == {"sub/a.txt": b"1"}


def test_what_is_missing_is_named_unless_it_is_optional() -> None:
    with pytest.raises(ContainerError, match="volume 's': Secret 'keys' is not there"):
        files({"name": "s", "secret": {"secretName": "keys"}})
    with pytest.raises(ContainerError, match="ConfigMap 'm' has no key 'k'"):
        files({"name": "c", "configMap": {"name": "m", "items": [{"key": "k", "path": "p"}]}}, {("ConfigMap", "m"): {}})
    assert files({"name": "s", "secret": {"secretName": "keys", "optional": True}}) == {}


def test_an_unsupported_kind_is_named() -> None:
    with pytest.raises(ContainerError, match="volume 'd' of kind hostPath"):
        files({"name": "d", "hostPath": {"path": "/"}})


def test_an_empty_dir_is_the_containers_own() -> None:
    assert files({"name": "e", "emptyDir": {}}) is None


def test_a_written_volume_changes_at_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "volume"
    volumes.write(directory, {"tls.crt": b"old", "tls.key": b"old", "gone": b"x", "sub/deep": b"d"})
    first = (directory / "..data").resolve()
    volumes.write(directory, {"tls.crt": b"new", "tls.key": b"new", "sub/deep": b"d"})
    assert (directory / "tls.crt").read_bytes() == b"new"
    assert (directory / "sub" / "deep").read_bytes() == b"d"
    assert {path.name for path in directory.iterdir() if not path.name.startswith("..")} == {
        "tls.crt",
        "tls.key",
        "sub",
    }
    assert not first.exists()
    assert stat.S_IMODE((directory / "tls.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    volumes.write(tmp_path, {"a": b"1"})
    before = (tmp_path / "..data").readlink()
    volumes.write(tmp_path, {"a": b"1"})
    assert before == (tmp_path / "..data").readlink()


def test_a_sub_path_is_one_file_of_the_volume(tmp_path: Path) -> None:
    (mount,) = volumes.mounts(
        {"volumeMounts": [{"name": "m", "mountPath": "/app.yaml", "subPath": "app.yaml"}]}, volumes_directory=tmp_path
    )
    assert (mount.path, mount.local) == ("/app.yaml", tmp_path / "m" / "app.yaml")
