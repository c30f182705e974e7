"""What the documents tell people to type works: a block is run, or says what it needs that a test doesn't have."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rackwright.cli.app import app
from rackwright.specs import ClusterSpec, TrainingJob
from rackwright.specs.base import Spec
from rackwright.specs.documents import parse_document
from rackwright.specs.request import Request
from tests.docs.code_blocks import DOCUMENTS, CodeBlock, code_blocks

pytestmark = pytest.mark.pure

BLOCKS = [block for document in DOCUMENTS for block in code_blocks(document)]
RUNNABLE = [block for block in BLOCKS if block.language == "bash" and block.needs is None]
DOCUMENTS_OF_OURS = [block for block in BLOCKS if "apiVersion: rackwright.dev" in block.text]
KINDS: dict[str, type[Spec]] = {"Request": Request, "Cluster": ClusterSpec, "TrainingJob": TrainingJob}


@pytest.mark.parametrize("block", RUNNABLE, ids=str)
def test_a_block_without_needs_runs(block: CodeBlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for line in block.commands:
        program, *words = shlex.split(line)
        assert program == "rackwright", f"say before the block what {program} needs: <!-- needs: … -->"
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.mark.parametrize("block", DOCUMENTS_OF_OURS, ids=str)
def test_a_document_in_a_block_can_be_read(block: CodeBlock) -> None:
    (kind,) = [kind for kind in KINDS if f"kind: {kind}\n" in block.text]
    parse_document(block.text, KINDS[kind], source=str(block))


def test_some_blocks_run_and_each_kind_of_need_is_told() -> None:
    assert len(RUNNABLE) > 10
    assert any("cloud account" in (block.needs or "") for block in BLOCKS)
