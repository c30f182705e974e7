"""Finding the checkout, for the commands that need more than the library: `rehearse`, `preview`, `up`, `down`."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from pathlib import Path

import typer
import yaml

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError

PROJECT = "rackwright"
"""The name in the checkout's Pulumi.yaml."""

PROJECT_FILE = "Pulumi.yaml"

REMEDY = "clone the project, run `make setup` in it, and use its .venv/bin/rackwright"


def find_checkout(start: Path | None = None) -> Path:
    """The checkout's folder: above the working directory, else where an editable install lies."""
    begin = (start or Path.cwd()).resolve()
    installed = Path(__file__).resolve().parents[2]
    for folder in (begin, *begin.parents, installed):
        if _is_checkout(folder):
            return folder
    raise CommandError(
        f"no checkout of {PROJECT} found in {begin}, above it or around the installed library: {REMEDY}.",
        code=ExitCode.NOT_FOUND,
    )


def _is_checkout(folder: Path) -> bool:
    try:
        project = yaml.safe_load((folder / PROJECT_FILE).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return False
    return isinstance(project, dict) and project.get("name") == PROJECT


def rehearse_app() -> typer.Typer:
    """The checkout's `rehearse`, or without a checkout a command that says where to get it."""
    if importlib.util.find_spec("rehearsal") is None:
        return _missing("rehearse")
    app: typer.Typer = import_module("rehearsal.commands").app
    return app


def _missing(name: str) -> typer.Typer:
    app = typer.Typer(rich_markup_mode="markdown")

    @app.command(
        epilog=f"Example, in a checkout: `rackwright {name} --gpus 256`",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    def missing() -> None:
        """Rehearse a cluster end to end on this machine (needs the checkout)."""
        raise CommandError(f"`rackwright {name}` needs the project's checkout: {REMEDY}.", code=ExitCode.NOT_FOUND)

    return app
