"""Putting the played programs where a shell finds them before the user's own."""

from __future__ import annotations

import shlex
from pathlib import Path

from rehearsal.state import StateDirectory

PROGRAMS = ("oci", "ssh")
"""Each is a module of this package."""


def folder(state: StateDirectory) -> Path:
    """Where they are."""
    return state.root / "programs"


def install(state: StateDirectory, *, python: Path) -> None:
    """Write them; `python` is the interpreter that imports them. Installing again replaces."""
    folder(state).mkdir(exist_ok=True)
    for name in PROGRAMS:
        path = folder(state) / name
        command = shlex.join([str(python), "-m", f"rehearsal.access.{name}", str(state.root)])
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
