"""Installing the stand-ins where the engine looks for plugins.

An executable at `PULUMI_HOME/plugins/resource-<name>-v<version>/pulumi-resource-<name>` is all that the engine wants;
it starts one for each provider resource, in the program's directory, with its own address as the last argument.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

PROVIDERS = {"kubernetes": "pulumi-kubernetes", "oci": "pulumi-oci"}
"""The official SDK's distribution for each provider that is stood in for."""

MODULES = "rehearsal.providers"
"""The package with a module for each stand-in; that a script runs one of them tells a stand-in from other plugins."""

LONGEST_SCRIPT_BYTES = 16_384
"""Bytes that are read of a plugin to find that in it: the script is one line with three paths in it."""


def sdk_version(provider: str) -> str:
    """The version of the installed official SDK, which asks the engine for the plugin of the same version."""
    return metadata.version(PROVIDERS[provider])


def executable(home: Path, provider: str) -> Path:
    """Where the engine looks for a provider's plugin."""
    return home / "plugins" / f"resource-{provider}-v{sdk_version(provider)}" / f"pulumi-resource-{provider}"


def is_stand_in(path: Path) -> bool:
    """Whether a plugin is one that `install` wrote, in whatever rehearsal's PULUMI_HOME."""
    with path.open("rb") as file:
        return f"-m {MODULES}.".encode() in file.read(LONGEST_SCRIPT_BYTES)


def install(home: Path, *, state: Path, python: Path, official: Mapping[str, Path] | None = None) -> None:
    """Put the plugins into a PULUMI_HOME.

    `state` is the rehearsal's state directory, which the stand-ins get as `--state`; `python` the interpreter that
    imports them. Providers in `official` get a link to that plugin in the stand-in's place. Installing again replaces.
    """
    official = official or {}
    for provider in PROVIDERS:
        path = executable(home, provider)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if provider in official:
            path.symlink_to(official[provider])
            continue
        command = shlex.join([str(python), "-m", f"{MODULES}.{provider}", "--state", str(state)])
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
