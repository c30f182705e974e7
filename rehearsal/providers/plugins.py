"""Installing the stand-ins where the engine looks for plugins.

An executable at `PULUMI_HOME/plugins/resource-<name>-v<version>/pulumi-resource-<name>` is all that the engine wants;
it starts one for each provider resource, in the program's directory, with its own address as the last argument.
"""

from __future__ import annotations

import shlex
from importlib import metadata
from pathlib import Path

PROVIDERS = {"kubernetes": "pulumi-kubernetes", "oci": "pulumi-oci"}
"""The official SDK's distribution for each provider that is stood in for."""


def sdk_version(provider: str) -> str:
    """The version of the installed official SDK, which asks the engine for the plugin of the same version."""
    return metadata.version(PROVIDERS[provider])


def executable(home: Path, provider: str) -> Path:
    """Where the engine looks for a provider's plugin."""
    return home / "plugins" / f"resource-{provider}-v{sdk_version(provider)}" / f"pulumi-resource-{provider}"


def install(home: Path, *, state: Path, python: Path) -> None:
    """Write the plugins into a PULUMI_HOME.

    `state` is the rehearsal's state directory, which the stand-ins get as `--state`; `python` the interpreter that
    imports them. Installing again replaces.
    """
    for provider in PROVIDERS:
        path = executable(home, provider)
        path.parent.mkdir(parents=True, exist_ok=True)
        command = shlex.join([str(python), "-m", f"rehearsal.providers.{provider}", "--state", str(state)])
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
