"""How a command ends: errors as sentences instead of tracebacks."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from rackwright.cli.exit_codes import ExitCode
from rackwright.jobs.errors import Denied, JobsError, NotFound, Refused, Unreachable
from rackwright.specs import SpecError

JOBS_CODES = {
    NotFound: ExitCode.NOT_FOUND,
    Denied: ExitCode.DENIED,
    Unreachable: ExitCode.UNREACHABLE,
    Refused: ExitCode.REFUSED,
    JobsError: ExitCode.FAILURE,
}
"""The exit code of each kind of error that the client for jobs has."""


class CommandError(Exception):
    """An expected failure: its sentence goes to standard error, its code is the command's exit code."""

    def __init__(self, message: str, *, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code


EXPECTED_ERRORS = (CommandError, JobsError, SpecError)
"""What a command may end with: their sentences are all that the user needs."""


def show_error(error: CommandError | JobsError | SpecError) -> ExitCode:
    """Print an expected error to standard error and say which code to exit with."""
    console = Console(stderr=True, highlight=False)
    for line in str(error).splitlines():
        console.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)
    match error:
        case CommandError():
            return error.code
        case JobsError():
            return JOBS_CODES[type(error)]
        case SpecError():
            return ExitCode.REFUSED
