"""The programs under the real engine and the real language host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rackwright.specs.stacks import stack_name
from rehearsal import state
from rehearsal.engine import PROJECT_ROOT, Engine, stack_files, stacks_name
from rehearsal.tools import Toolbox
from tests.stacks.conftest import EXAMPLE

pytestmark = pytest.mark.control_plane

TIMEOUT_S = 120
"""Seconds after which a preview that ends at its spec hangs; it takes about five."""


def test_a_refused_spec_ends_a_preview_with_every_problem_and_no_traceback(toolbox: Toolbox, tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    refused = tmp_path / "cluster.yaml"
    refused.write_text(text.replace("hosts: 132", "hosts: -5").replace("10.140.0.0/29", "10.141.0.0/29"))
    directory = state.create(tmp_path)
    engine = Engine(directory, toolbox)
    stack = stack_name(stacks_name(directory), "cloud")
    try:
        engine.prepare(refused, tunnel_port=6443)
        preview = subprocess.run(
            [str(toolbox.bin_directory() / "pulumi"), "preview", "--non-interactive", "--stack", stack],
            cwd=PROJECT_ROOT,
            env={**os.environ, **engine.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    finally:
        for settings in stack_files(directory):
            settings.unlink(missing_ok=True)
    assert preview.returncode != 0
    assert "gpu_pools.0.hosts: got -5" in preview.stdout
    assert "place.network.api: got '10.141.0.0/29'" in preview.stdout
    assert "Traceback" not in preview.stdout + preview.stderr
