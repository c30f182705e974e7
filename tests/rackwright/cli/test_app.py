"""The frame: help, version, exit codes, and what becomes of errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import Result

from rackwright.cli.exit_codes import EXIT_CODES, ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

COMMANDS = (
    "size",
    "preview",
    "up",
    "down",
    "submit",
    "jobs",
    "describe",
    "logs",
    "cancel",
    "suspend",
    "resume",
    "rehearse",
)


def test_help_names_all_commands_in_the_order_of_use_and_the_exit_codes(run: Run) -> None:
    text = run("--help").stdout
    places = [text.index(f" {command} ") for command in COMMANDS]
    assert places == sorted(places)
    for code in ExitCode:
        assert f"{code.value} " in EXIT_CODES
    assert "3 input refused" in " ".join(text.split())


@pytest.mark.parametrize("command", [*COMMANDS, "size list", "size reference"])
def test_every_help_has_an_example(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "xample" in result.stdout
    assert f"rackwright {command}" in " ".join(result.stdout.split())


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith("rackwright 0.")


@pytest.mark.parametrize("arguments", [["nonsense"], ["size", "--nonsense"], ["size", "--gpus", "many"], ["size"]])
def test_wrong_usage_exits_with_2_and_a_hint(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr
    assert not result.stdout


def test_size_loads_no_kubernetes_client() -> None:
    """It takes longer to load than `size` takes to run."""
    code = "import sys; from rackwright.cli.app import app; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
