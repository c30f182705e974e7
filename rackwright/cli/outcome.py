"""How a command ends: exit codes, and errors as sentences instead of tracebacks."""

from __future__ import annotations

import enum

from rich.console import Console
from rich.text import Text

from rackwright.specs import SpecError


class ExitCode(enum.IntEnum):
    """What scripts can go by."""

    OK = 0
    FAILURE = 1
    """The work failed: a job, `pulumi up`, a rehearsal."""
    USAGE = 2
    """Unknown command or option, or an option without a value."""
    REFUSED = 3
    """The input was understood and can't be taken; nothing was changed."""
    NOT_FOUND = 4
    """No such job, namespace, file of a checkout, …"""
    UNREACHABLE = 5
    """The cluster can't be reached."""
    DENIED = 6
    """The cluster doesn't let this user do it."""


EXIT_CODES = (
    "Exit codes: 0 done · 1 the work failed · 2 usage · 3 input refused, nothing changed · 4 not found · "
    "5 cluster unreachable · 6 access denied"
)
"""`ExitCode` in one line, for the help."""


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
