"""The reference of the command line, out of the commands themselves, as `--help` has it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import typer
from typer.main import get_command

from docs.generate.tables import table, table_of_sentences
from rackwright.cli.app import app
from rackwright.cli.exit_codes import EXIT_CODES

Command = Any
"""A command of click's, which typer brings in its own make; neither gives its types to others."""


def page() -> str:
    """A section for each command, groups before what is in them."""
    root = get_command(app)
    return "\n\n".join(_sections(root, typer.Context(root, info_name="rackwright")))


def exit_codes() -> str:
    """The exit codes as a table."""
    pairs = (each.strip().split(" ", 1) for each in EXIT_CODES.removeprefix("Exit codes:").split("·"))
    return table(("Code", "Meaning"), ((f"`{code}`", meaning) for code, meaning in pairs))


def _sections(command: Command, context: typer.Context) -> Iterator[str]:
    yield _section(command, context)
    for name in getattr(command, "list_commands", lambda _: [])(context):
        inner = command.get_command(context, name)
        if not inner.hidden:
            yield from _sections(inner, typer.Context(inner, info_name=name, parent=context))


def _section(command: Command, context: typer.Context) -> str:
    path = context.command_path
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parameters = [each for each in command.get_params(context) if each.name not in HIDDEN]
    parts = [
        f"## {path}",
        inspect.cleandoc(command.help or ""),
        f"```text\n{usage}\n```",
        table_of_sentences(("Option", "Value", "Meaning"), map(_row, parameters)) if parameters else "",
        inspect.cleandoc(command.epilog or ""),
    ]
    return "\n\n".join(part for part in parts if part)


HIDDEN = frozenset({"help", "install_completion", "show_completion"})
"""Options that every command has, or that typer brings."""


def _row(parameter: Any) -> tuple[str, str, str]:  # noqa: ANN401  # see Command
    argument = parameter.param_type_name == "argument"
    name = f"`{parameter.name.upper()}`" if argument else ", ".join(f"`{each}`" for each in parameter.opts)
    return name, "; ".join(_value(parameter)), parameter.help or ""


def _value(parameter: Any) -> Iterator[str]:  # noqa: ANN401  # see Command
    asked = parameter.type_descriptor.annotation
    if asked is bool:
        yield "a switch"
    elif given := get_args(asked):
        yield ", ".join(f"`{each}`" if isinstance(each, str) else VALUES[each] for each in given)
    else:
        yield VALUES[asked]
    if parameter.min is not None:
        yield f"at least {parameter.min}"
    if parameter.multiple:
        yield "may be given again"
    if parameter.required:
        yield "**needed**"
    elif parameter.default not in (None, False, ()) and not callable(parameter.default):
        yield f"default `{parameter.default}`"
    if parameter.envvar:
        yield f"or `{parameter.envvar}` in the environment"


VALUES = {str: "text", int: "whole number", float: "number", Path: "path"}
"""The types of values, in words."""
