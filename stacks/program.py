"""From the stack's configuration to the program of the spec's place."""

from __future__ import annotations

from pathlib import Path

import pulumi

from rackwright.rendering import RenderError
from rackwright.specs import ClusterSpec, SpecError, load_document
from stacks.places import declare

PROJECT_ROOT = Path(__file__).parents[1]
"""The folder of Pulumi.yaml, to which paths in the configuration are relative (a program runs in `main`, not there)."""


def run() -> None:
    """Declare the cluster of the configured spec; end with every problem, and without a traceback, if it is refused."""
    try:
        spec = load_document(spec_path(pulumi.Config().require("clusterSpec")), ClusterSpec)
        outputs = declare(spec)
    except (SpecError, RenderError) as error:
        raise pulumi.RunError(str(error)) from error
    for name, value in outputs.items():
        pulumi.export(name, value)


def spec_path(configured: str) -> Path:
    """The spec's file: absolute, below the home directory (`~/…`), or below the project's root."""
    return PROJECT_ROOT / Path(configured).expanduser()
