"""Removing rehearsals: their processes, their directory, and the stack's settings in the project's root."""

from __future__ import annotations

import shutil
from pathlib import Path

from rehearsal import processes, state
from rehearsal.engine import stack_files


def remove(directory: state.StateDirectory) -> int:
    """End and delete all of a rehearsal; return how many processes it had.

    What they have is deleted as well, so they need no time to end in order. The caller takes turns with others.
    """
    count = processes.stop_marked(directory.id, grace_s=0)
    for settings in stack_files(directory):
        settings.unlink(missing_ok=True)
    directory.remove()
    return count


def remove_leftovers(parent: Path | None = None) -> dict[str, int]:
    """Remove the rehearsals whose owner died; return the number of processes that each had left."""
    return {directory.id: remove(directory) for directory in state.leftovers(parent)}


def save_logs(directory: state.StateDirectory) -> Path:
    """Keep the logs of a rehearsal that failed, beside all rehearsals; return where."""
    saved = directory.root.parent.parent / "failed-rehearsals" / directory.id
    shutil.copytree(directory.root / "logs", saved)
    return saved
