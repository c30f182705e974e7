"""The frame of the command line: its commands, its conventions, and what becomes of errors."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rackwright.cli import infrastructure, jobs
from rackwright.cli.checkout import rehearse_app
from rackwright.cli.exit_codes import EXIT_CODES
from rackwright.cli.outcome import EXPECTED_ERRORS, show_error
from rackwright.cli.sizing import size

SIZE = "size"

REHEARSE = "rehearse"
"""The command that the checkout brings."""


class CommandLine(TyperGroup):
    """The root: finds `rehearse` at run time, and turns expected errors into sentences and exit codes."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's Context is a subclass of the base's  # noqa: ANN401  # as the base has it
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EXPECTED_ERRORS as error:
            raise typer.Exit(show_error(error)) from error

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # see invoke
        """The commands in the order of use: groups come last in typer's own."""
        others = [name for name in super().list_commands(ctx) if name not in {SIZE, REHEARSE}]
        return [SIZE, *others, REHEARSE]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # see invoke  # noqa: ANN401  # see invoke
        """The command of that name; `rehearse` is loaded only when it is asked for."""
        if cmd_name == REHEARSE and REHEARSE not in self.commands:
            command = typer.main.get_command(rehearse_app())
            command.name = REHEARSE
            self.add_command(command, REHEARSE)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    name="rackwright",
    cls=CommandLine,
    help="From a training request to a cluster of 8 to 100,000 H100s that works.",
    epilog="Example: `rackwright size --model llama-3.1-405b --tokens 15.6e12 --gpus 1024`. " + EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if value:
        typer.echo(f"rackwright {version('rackwright')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take what comes before the command."""


app.add_typer(size.app, name=SIZE)
infrastructure.register(app)
jobs.register(app)
