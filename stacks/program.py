"""From the stack's configuration to the program of the spec's place."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pulumi

from rackwright.rendering import RenderError
from rackwright.specs import ClusterSpec, SpecError, load_document
from rackwright.specs.documents import Problem
from rackwright.specs.stacks import Part
from stacks.places import declare

PROJECT_ROOT = Path(__file__).parents[1]
"""The folder of Pulumi.yaml, to which paths in the configuration are relative (a program runs in `main`, not there)."""


def run() -> None:
    """Declare the configured part of the configured spec's cluster; what is refused ends it without a traceback."""
    try:
        config = pulumi.Config()
        spec = load_document(spec_path(config.require("clusterSpec")), ClusterSpec)
        outputs = declare(spec, chosen_part(config.get("part")))
    except (SpecError, RenderError) as error:
        raise pulumi.RunError(str(error)) from error
    for name, value in outputs.items():
        pulumi.export(name, value)


def chosen_part(configured: str | None) -> Part:
    """The part of the cluster that this stack is; raise `SpecError` if its configuration doesn't say."""
    for part in get_args(Part):
        if part == configured:
            chosen: Part = part
            return chosen
    problem = Problem(
        field="rackwright:part",
        value=repr(configured),
        expected="cloud (what is made at Oracle) or inside (what runs on the cluster), each a stack of its own",
        remedy="set it by `pulumi config set rackwright:part …`, or use `rackwright up`, which runs both in order",
    )
    raise SpecError("the stack's configuration", [problem])


def spec_path(configured: str) -> Path:
    """The spec's file: absolute, below the home directory (`~/…`), or below the project's root."""
    return PROJECT_ROOT / Path(configured).expanduser()
