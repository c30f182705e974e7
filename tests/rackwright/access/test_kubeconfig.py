"""Oracle's kubeconfig: as whom its tokens are got, and through which port."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rackwright.access import Identity, for_tunnel, server, with_identity

pytestmark = pytest.mark.pure

TEXT = yaml.safe_dump(
    {
        "kind": "",
        "clusters": [
            {"name": "c", "cluster": {"server": "https://10.140.0.2:6443", "certificate-authority-data": "A"}}
        ],
        "users": [{"name": "u", "user": {"exec": {"command": "oci", "args": ["ce", "cluster", "generate-token"]}}}],
    }
)


def unset(_name: str) -> str | None:
    """No setting of Pulumi's."""
    return None


def test_the_identity_stands_in_the_arguments_of_oci() -> None:
    identity = Identity(profile="P", config_file="/etc/oci", authentication="security_token")
    [user] = yaml.safe_load(with_identity(TEXT, identity))["users"]
    assert user["user"]["exec"]["args"] == [
        *("ce", "cluster", "generate-token"),
        *("--profile", "P", "--config-file", "/etc/oci", "--auth", "security_token"),
    ]


def test_pulumi_s_settings_go_before_the_environment_of_oci() -> None:
    settings = {"configFileProfile": "ONE", "auth": "InstancePrincipal"}
    environment = {"OCI_CLI_PROFILE": "TWO", "OCI_CLI_CONFIG_FILE": "/etc/oci", "OCI_CLI_AUTH": "security_token"}
    assert Identity.of(settings.__getitem__, environment) == Identity(
        profile="ONE", config_file="/etc/oci", authentication="instance_principal"
    )
    assert Identity.of(unset, environment).authentication == "security_token"
    assert Identity.of(unset, {}).options() == []


def test_through_a_tunnel_the_certificate_is_asked_for_the_api_s_own_address() -> None:
    changed = for_tunnel(TEXT, port=7443)
    [entry] = yaml.safe_load(changed)["clusters"]
    assert server(changed) == "https://127.0.0.1:7443"
    assert entry["cluster"]["tls-server-name"] == "10.140.0.2"
    assert entry["cluster"]["certificate-authority-data"] == "A"
    assert yaml.safe_load(changed)["kind"] == "Config"


def test_a_profile_that_oci_wouldn_t_find_is_complained_of(tmp_path: Path) -> None:
    assert Identity().complaint(tmp_path) is None
    missing = Identity(profile="P").complaint(tmp_path)
    assert missing == f"the profile P of the program `oci` is asked for, and there is no {tmp_path}/.oci/config"
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "config").write_text("[DEFAULT]\nuser=u\n[Q]\nuser=u\n", encoding="utf-8")
    assert "has no profile P: there are DEFAULT, Q" in str(Identity(profile="P").complaint(tmp_path))
    assert Identity(profile="Q").complaint(tmp_path) is None
    assert Identity(profile="DEFAULT").complaint(tmp_path) is None
