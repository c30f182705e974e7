"""How a command ends: errors as sentences instead of tracebacks."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from rackwright.cli.exit_codes import ExitCode
from rackwright.specs import SpecError


class CommandError(Exception):
    """An expected failure: its sentence goes to standard error, its code is the command's exit code."""

    def __init__(self, message: str, *, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code


def show_error(error: CommandError | SpecError) -> ExitCode:
    """Print an expected error to standard error and say which code to exit with."""
    console = Console(stderr=True, highlight=False)
    for line in str(error).splitlines():
        console.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)
    return error.code if isinstance(error, CommandError) else ExitCode.REFUSED
