"""Fixtures for all tiers: the pinned tools, and one real control plane for the whole run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearsal import processes, state, tools
from rehearsal.control_plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def toolbox() -> tools.Toolbox:
    """All pinned tools, built when they aren't there yet."""
    return tools.ensure()


@pytest.fixture(scope="session")
def control_plane(toolbox: tools.Toolbox) -> Iterator[ControlPlane]:
    """A running control plane that all tests of the run share; each test uses names of its own in it."""
    # A short path: the Unix sockets in it may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="rackwright-") as parent:
        directory = state.create(Path(parent))
        with directory.owned():
            try:
                yield ControlPlane.start(directory, toolbox)
            finally:
                processes.stop_marked(directory.id)
