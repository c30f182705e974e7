"""What the documents tell people to type is there: commands, their options, make's targets, and the files they name."""

from __future__ import annotations

import re

import pytest

from tests.docs.code_blocks import DOCUMENTS, ROOT, CodeBlock, code_blocks, prose
from tests.docs.command_line import mistakes

pytestmark = pytest.mark.pure

COMMAND = re.compile(r"(?:eval \"|[`(\s]|^)\$?\(?(rackwright [a-z][^`\n)|#]*)")
TARGET = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.[a-z0-9]+|[A-Z]+\.md)`")
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")

BLOCKS = [block for document in DOCUMENTS for block in code_blocks(document)]
SHELL = [block for block in BLOCKS if block.language == "bash"]


def in_backticks() -> list[str]:
    """Commands that stand in the prose."""
    texts = (prose(document) for document in DOCUMENTS)
    return [each for text in texts for each in re.findall(r"`(rackwright [a-z][^`]*)`", text)]


def in_blocks() -> list[str]:
    """Commands that stand in code blocks, with what is around them in a line taken away."""
    return [match[1].strip() for block in SHELL for line in block.commands for match in COMMAND.finditer(line)]


def found(pattern: re.Pattern[str]) -> list[str]:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    return sorted({match.strip() for text in texts for match in pattern.findall(text)})


@pytest.mark.parametrize("line", sorted({*in_backticks(), *in_blocks()}))
def test_commands_exist_with_their_options(line: str) -> None:
    assert mistakes(" ".join(line.split())) == []


@pytest.mark.parametrize(
    ("line", "mistake"),
    [("rackwright sizes", "no command sizes"), ("rackwright size --gpuz 8", "no option --gpuz")],
)
def test_a_command_that_is_not_there_would_be_found(line: str, mistake: str) -> None:
    assert mistakes(line) == [mistake]


@pytest.mark.parametrize("target", found(TARGET))
def test_targets_of_make_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("name", found(FILE))
def test_files_exist(name: str) -> None:
    assert (ROOT / name).exists() or list(ROOT.glob(f"*/**/{name}"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    targets = LINK.findall(prose(document))
    assert [target for target in targets if not ((ROOT / document).parent / target).exists()] == []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_code_block_says_what_it_holds(block: CodeBlock) -> None:
    assert block.language in {"bash", "text", "yaml"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_code_stands_in_fences_alone(document: str) -> None:
    indented = [
        line for line in prose(document).splitlines() if re.match(r" {4}(rackwright|make|pulumi|kubectl) ", line)
    ]
    assert indented == []


def test_documents_tell_of_commands_at_all() -> None:
    assert len(in_blocks()) > 40
    assert len(found(TARGET)) >= 6
