"""What becomes of errors: a sentence on standard error, and an exit code."""

from __future__ import annotations

import pytest

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError, show_error
from rackwright.jobs.errors import Denied, JobsError, NotFound, Refused, Unreachable
from rackwright.specs import SpecError

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("so it is"), ExitCode.NOT_FOUND),
        (Denied("so it is"), ExitCode.DENIED),
        (Unreachable("so it is"), ExitCode.UNREACHABLE),
        (Refused("so it is"), ExitCode.REFUSED),
        (JobsError("so it is"), ExitCode.FAILURE),
        (CommandError("so it is", code=ExitCode.USAGE), ExitCode.USAGE),
        (CommandError("so it is"), ExitCode.FAILURE),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    error: CommandError | JobsError, code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_error(error) == code
    assert capsys.readouterr() == ("", "error: so it is\n")


def test_a_document_that_cannot_be_taken_is_refused() -> None:
    assert show_error(SpecError("job.yaml", [])) == ExitCode.REFUSED


def test_no_kind_of_error_with_jobs_is_without_an_exit_code() -> None:
    for kind in JobsError.__subclasses__():
        assert show_error(kind()) != ExitCode.FAILURE
