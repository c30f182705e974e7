"""What the documents tell people to type is there: commands, their options, make's targets, and the files they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from rackwright.cli.app import app

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
COMMAND = re.compile(r"(?:^ {4}|`)(?:eval \"\$\()?(rackwright [a-z][^`#\n)]*)", re.MULTILINE)
TARGET = re.compile(r"(?:^ {4}|`)make ([a-z-]+)", re.MULTILINE)
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.[a-z0-9]+|[A-Z]+\.md)`")


def found(pattern: re.Pattern[str]) -> list[str]:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    return sorted({match.strip() for text in texts for match in pattern.findall(text)})


@pytest.mark.parametrize("line", found(COMMAND))
def test_commands_exist_with_their_options(line: str) -> None:
    words = [word for word in shlex.split(line)[1:] if word != "…"]
    command = get_command(app)
    context = command.make_context("rackwright", [], resilient_parsing=True)
    while words and hasattr(command, "get_command") and not words[0].startswith("-"):
        command, words = command.get_command(context, words[0]), words[1:]
        assert command is not None, "no such command"
        context = command.make_context(words[0] if words else "", [], parent=context, resilient_parsing=True)
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("target", found(TARGET))
def test_targets_of_make_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("name", found(FILE))
def test_files_exist(name: str) -> None:
    assert (ROOT / name).exists() or list(ROOT.glob(f"**/{name}"))


def test_documents_tell_of_commands_at_all() -> None:
    assert len(found(COMMAND)) > 10
    assert len(found(TARGET)) >= 4
