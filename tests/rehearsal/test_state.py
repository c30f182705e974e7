"""A state directory tells who owns it, whatever way the owner ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal import state

pytestmark = pytest.mark.pure


def test_facts_add_up(tmp_path: Path) -> None:
    directory = state.create(tmp_path)
    directory.describe(server="https://127.0.0.1:1")
    directory.describe(version="v1")
    assert directory.facts() == {"server": "https://127.0.0.1:1", "version": "v1"}


def test_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    assert state.create(tmp_path).root.stat().st_mode & 0o077 == 0


def test_a_second_owner_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    directory = state.create(tmp_path)
    with directory.owned():
        assert directory.is_owned()
        with pytest.raises(state.StateError, match="in use by another process"), directory.owned():
            pass
    assert not directory.is_owned()


def test_a_killed_owner_leaves_a_leftover(tmp_path: Path) -> None:
    directory = state.create(tmp_path)
    program = (
        "import pathlib, sys, time; from rehearsal import state\n"
        "with state.StateDirectory(pathlib.Path(sys.argv[1])).owned():\n"
        "    print('owned', flush=True); time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program, str(directory.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        assert state.leftovers(tmp_path) == []
        owner.kill()
    assert state.leftovers(tmp_path) == [directory]


def test_a_kept_rehearsal_is_no_leftover(tmp_path: Path) -> None:
    directory = state.create(tmp_path)
    directory.keep()
    assert state.existing(tmp_path) == [directory]
    assert state.leftovers(tmp_path) == []


def test_too_long_a_path_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(state.StateError, match="set XDG_STATE_HOME to a shorter directory"):
        state.create(tmp_path / ("long" * 20))


def test_looking_at_a_rehearsal_that_is_being_removed_leaves_nothing_in_it(tmp_path: Path) -> None:
    directory = state.create(tmp_path)
    (directory.root / state.LOCK).unlink()
    assert not directory.is_owned()
    assert not (directory.root / state.LOCK).exists()
    assert state.leftovers(tmp_path) == [directory]
