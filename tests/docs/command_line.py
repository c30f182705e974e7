"""The real command line, asked for what a document tells people to type."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

from typer.main import get_command

from rackwright.cli.app import app

PASSED_ON = frozenset({"--diff", "--expect-no-changes", "--json", "--non-interactive"})
"""Pulumi's own options, which `preview`, `up` and `down` pass on to it."""


@cache
def root() -> Any:  # noqa: ANN401  # typer's commands have no public type
    """The command line; `rehearse` takes a while to load."""
    return get_command(app)


def mistakes(line: str) -> list[str]:
    """What the command line doesn't have of a command: a subcommand, options, or an argument that it needs."""
    words = [word for word in shlex.split(line)[1:] if word != "…"]
    command = root()
    context = command.make_context("rackwright", [], resilient_parsing=True)
    while words and hasattr(command, "get_command") and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None:
            return [f"no command {words[0]}"]
        command, words = inner, words[1:]
        context = command.make_context(words[0] if words else "", [], parent=context, resilient_parsing=True)
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    if context.ignore_unknown_options:
        options |= PASSED_ON
    unknown = {word.partition("=")[0] for word in words if word.startswith("-")} - options
    return [f"no option {each}" for each in sorted(unknown)]
