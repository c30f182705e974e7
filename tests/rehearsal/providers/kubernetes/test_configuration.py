"""The provider's configuration: both forms of kubeconfigs, options that aren't modelled, what another cluster is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.providers.kubernetes import configuration
from rehearsal.providers.kubernetes.configuration import Kubeconfig, KubeconfigError, Settings
from rehearsal.providers.values import UNKNOWN

pytestmark = pytest.mark.pure


def kubeconfig(*, server: str = "https://one:6443", user: str = "someone") -> str:
    """A kubeconfig with two contexts on one cluster, the second with a namespace."""
    return yaml.safe_dump(
        {
            "clusters": [
                {"name": "c", "cluster": {"server": server}},
                {"name": "d", "cluster": {"server": "https://d"}},
            ],
            "users": [{"name": "u", "user": {"username": user}}],
            "contexts": [
                {"name": "x", "context": {"cluster": "c", "user": "u"}},
                {"name": "y", "context": {"cluster": "c", "user": "u", "namespace": "team"}},
            ],
            "current-context": "x",
        }
    )


def test_content_and_path_mean_the_same(tmp_path: Path) -> None:
    """The real provider takes both in one option."""
    path = tmp_path / "config"
    path.write_text(kubeconfig(), encoding="utf-8")
    given = Kubeconfig.parse(kubeconfig())
    found = Kubeconfig.parse(str(path))
    assert given.content == found.content
    assert given.active_cluster() == {"server": "https://one:6443"}
    assert found.directory == tmp_path
    assert given.directory is None


def test_without_a_kubeconfig_the_environments_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with kubectl."""
    path = tmp_path / "config"
    path.write_text(kubeconfig(), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert Kubeconfig.parse(None).active_cluster() == {"server": "https://one:6443"}


@pytest.mark.parametrize(
    ("text", "context", "message"),
    [
        ("/no/such/file", None, "there is no file /no/such/file"),
        ("a: [b\nsecret: hunter2", None, "neither a file nor valid YAML"),
        ("a: b\n", None, "names no clusters"),
        (kubeconfig(), "z", "no context 'z'; it has: x, y"),
    ],
)
def test_a_bad_kubeconfig_is_explained_without_quoting_it(text: str, context: str | None, message: str) -> None:
    """Its content is secret."""
    with pytest.raises(KubeconfigError) as caught:
        Kubeconfig.parse(text, context=context).active_context()
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "namespace"),
    [({}, "default"), ({"context": "y"}, "team"), ({"context": "y", "namespace": "mine"}, "mine")],
)
def test_the_default_namespace_is_the_options_or_the_contexts(options: dict[str, Any], namespace: str) -> None:
    """In the real provider's order."""
    assert Settings.parse({"kubeconfig": kubeconfig(), **options}).namespace == namespace


@pytest.mark.parametrize("value", [True, "true"])
def test_flags_may_come_as_text(value: object) -> None:
    """The SDK sends them so when they come from the environment or the stack's config."""
    assert Settings.parse({"kubeconfig": kubeconfig(), "enablePatchForce": value}).patch_force


@pytest.mark.parametrize(
    ("inputs", "properties"),
    [
        ({"renderYamlToDirectory": "x"}, ["renderYamlToDirectory"]),
        ({"enableServerSideApply": "false"}, ["enableServerSideApply"]),
        ({"deleteUnreachable": "perhaps"}, ["deleteUnreachable"]),
        ({"namespace": 3}, ["namespace"]),
        ({"kubeconfig": UNKNOWN, "namespace": "a", "enablePatchForce": "true", "version": "4.34.2"}, []),
    ],
)
def test_options_that_are_not_modelled_or_wrong_are_named(inputs: dict[str, Any], properties: list[str]) -> None:
    """Never a silent pass; unknowns are taken as they come."""
    assert [failure.property for failure in configuration.failures(inputs)] == properties


@pytest.mark.parametrize(
    ("old", "new", "replaces"),
    [
        ({"kubeconfig": kubeconfig()}, {"kubeconfig": kubeconfig(user="new")}, False),
        ({"kubeconfig": kubeconfig()}, {"kubeconfig": kubeconfig(server="https://two:6443")}, True),
        ({"kubeconfig": kubeconfig()}, {"kubeconfig": kubeconfig(), "context": "y"}, False),
        ({"kubeconfig": kubeconfig()}, {"kubeconfig": kubeconfig(), "cluster": "d"}, True),
        ({"kubeconfig": kubeconfig()}, {"kubeconfig": UNKNOWN}, False),
        (
            {"kubeconfig": kubeconfig(), "clusterIdentifier": "one"},
            {"kubeconfig": kubeconfig(server="https://two:6443"), "clusterIdentifier": "one"},
            False,
        ),
        (
            {"kubeconfig": kubeconfig(), "clusterIdentifier": "one"},
            {"kubeconfig": kubeconfig(), "clusterIdentifier": "two"},
            True,
        ),
    ],
    ids=["user", "server", "context", "cluster", "unknown", "same identifier", "other identifier"],
)
def test_only_another_cluster_replaces_the_provider(
    old: dict[str, Any],
    new: dict[str, Any],
    replaces: bool,  # a parameter of the test
) -> None:
    """Since a replaced provider replaces all of its resources."""
    difference = configuration.compare(old, new)
    assert difference
    assert bool(difference.replaces) == replaces
