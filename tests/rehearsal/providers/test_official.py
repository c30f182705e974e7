"""Which kubernetes plugin a rehearsal takes, with programs that answer as the official one would."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rehearsal.providers import official, plugins

pytestmark = pytest.mark.mocked

PLUGIN = """#!{python}
import sys
from rehearsal.providers.model import Provider
from rehearsal.providers.serving import serve
class Official(Provider):
    name, version = "kubernetes", "{version}"
    def configure(self, inputs):
        raise NotImplementedError
serve(Official(), engine_address=sys.argv[1])
"""
"""A plugin that can say its version and nothing else; not one of the rehearsal's scripts."""


def put_plugin(path: Path, version: str) -> Path:
    """Make a plugin of that version there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PLUGIN.format(python=sys.executable, version=version), encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has no plugin."""
    for name in ("home", "bin"):
        (tmp_path / name).mkdir()
    return {"PULUMI_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


SDK = plugins.sdk_version("kubernetes")


def test_without_an_official_plugin_the_stand_in_plays(user: dict[str, str]) -> None:
    assert official.choose(user) is None
    assert f"no official kubernetes plugin of version {SDK} in {user['PULUMI_HOME']}" in official.missing(user)


def test_the_official_plugin_of_the_sdks_version_plays_wherever_the_engine_would_find_it(
    user: dict[str, str], tmp_path: Path
) -> None:
    on_path = put_plugin(tmp_path / "bin" / "pulumi-resource-kubernetes", f"v{SDK}")
    assert official.choose(user) == on_path
    at_home = put_plugin(plugins.executable(tmp_path / "home", "kubernetes"), SDK)
    assert official.choose(user) == at_home
    assert official.choose({**user, official.CHOICE: "stand-in"}) is None


@pytest.mark.parametrize("version", ["4.0.0", f"{SDK}-alpha.1"])
def test_another_version_does_not_count(version: str, user: dict[str, str], tmp_path: Path) -> None:
    """Whatever its folder says."""
    put_plugin(plugins.executable(tmp_path / "home", "kubernetes"), version)
    assert official.choose(user) is None


def test_neither_a_stand_in_nor_any_other_program_is_official(user: dict[str, str], tmp_path: Path) -> None:
    """The environment of a kept rehearsal has a stand-in in its PULUMI_HOME."""
    plugins.install(tmp_path / "home", state=tmp_path, python=Path(sys.executable))
    assert official.choose(user) is None
    path = plugins.executable(tmp_path / "home", "kubernetes")
    for text in ("#!/bin/sh\necho hello\n", "no program at all"):
        path.write_text(text, encoding="utf-8")
        assert official.choose(user) is None


def test_a_choice_that_cannot_be_met_is_refused_with_the_remedy(user: dict[str, str]) -> None:
    with pytest.raises(
        official.PluginError, match=r"pulumi plugin install resource kubernetes v.* or unset RACKWRIGHT"
    ):
        official.choose({**user, official.CHOICE: "official"})
    with pytest.raises(official.PluginError, match="found 'mine', expected stand-in or official"):
        official.choose({**user, official.CHOICE: "mine"})


def test_an_official_plugin_is_linked_in_the_stand_ins_place(tmp_path: Path) -> None:
    """Until the next installation, which replaces the link and not what it leads to."""
    plugin = put_plugin(tmp_path / "theirs", SDK)
    before = plugin.read_text(encoding="utf-8")
    home = tmp_path / "home"
    plugins.install(home, state=tmp_path, python=Path(sys.executable), official={"kubernetes": plugin})
    assert plugins.executable(home, "kubernetes").resolve() == plugin
    assert plugins.is_stand_in(plugins.executable(home, "oci"))
    plugins.install(home, state=tmp_path, python=Path(sys.executable))
    assert plugins.is_stand_in(plugins.executable(home, "kubernetes"))
    assert plugin.read_text(encoding="utf-8") == before
