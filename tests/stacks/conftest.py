"""Declares clusters against a stand-in of the engine; see `recording`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.documents import validate_document
from rackwright.specs.stacks import Part, parts, stack_name
from stacks.places import cloud_part, declare
from tests.stacks.recording import LOOK_UPS, Run, run_program

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cluster-oracle-1024.yaml"


class Declare(Protocol):
    """Declares a spec's cluster."""

    def __call__(
        self,
        spec: ClusterSpec,
        part: Part | None = None,
        *,
        preview: bool = False,
        look_ups: dict[str, Any] | None = None,
    ) -> Run:
        """What the engine saw of a part of it (the first that it has); `look_ups` answer otherwise than usual."""


class Edit(Protocol):
    """Changes plain data in place."""

    def __call__(self, data: dict[str, Any], /) -> object:
        """Change it."""


class Change(Protocol):
    """Makes a changed example."""

    def __call__(self, edit: Edit, /) -> ClusterSpec:
        """The example with a change to its plain data."""


@pytest.fixture(scope="session")
def declared() -> Declare:
    """Declare a spec's cluster and see what that made. Equal runs are made once, so leave the answer as it is."""
    made: dict[str, Run] = {}

    def declare_spec(
        spec: ClusterSpec,
        part: Part | None = None,
        *,
        preview: bool = False,
        look_ups: dict[str, Any] | None = None,
    ) -> Run:
        part = part or parts(spec.place)[0]
        key = json.dumps([spec.model_dump(mode="json"), part, preview, look_ups])
        if key not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(cloud_part, "unreachable", lambda _kubeconfig: None)
                patch.setattr(shutil, "which", lambda program: f"/bin/{program}")
                made[key] = run_program(
                    lambda: declare(spec, part),
                    Run(preview=preview, look_ups={**LOOK_UPS, **(look_ups or {})}),
                    stack=stack_name("test", part),
                )
        return made[key]

    return declare_spec


@pytest.fixture(scope="session")
def spec() -> ClusterSpec:
    """The example of the checkout."""
    return load_document(EXAMPLE, ClusterSpec)


@pytest.fixture(scope="session")
def changed() -> Change:
    """Change the example."""

    def change(edit: Edit, /) -> ClusterSpec:
        data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
        edit(data)
        return validate_document(data, ClusterSpec, source="changed example")

    return change
