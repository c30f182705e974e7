"""Whole rehearsals through the command, as a user runs them: they succeed, and whatever way they end nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal import processes, state
from rehearsal.engine import stack_files
from rehearsal.providers import official
from rehearsal.scenario import inputs

pytestmark = pytest.mark.control_plane

SMALL = ("--model", "llama-3.1-8b", "--tokens", "1e12", "--gpus", "16")
"""The smallest job that has a host to lose and others to go on with."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A state home of its own, with a path short enough for Unix sockets; a failed test leaves nothing running."""
    with tempfile.TemporaryDirectory(prefix="rackwright-") as directory:
        yield Path(directory)
        for left in rehearsals(Path(directory)):
            processes.stop_marked(left.id)
            for settings in stack_files(left):
                settings.unlink(missing_ok=True)


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("rackwright")), "rehearse", *SMALL, *arguments]


def surroundings(home: Path) -> dict[str, str]:
    """A shell with a state home of its own; an official plugin of the user's would get charts from the Internet."""
    return {**os.environ, "XDG_STATE_HOME": str(home), official.CHOICE: "stand-in"}


def rehearsals(home: Path) -> list[state.StateDirectory]:
    return state.existing(home / "rackwright" / "rehearsals")


@contextmanager
def started(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A rehearsal in the background, killed at the end if it's still there."""
    environment = surroundings(home)
    with subprocess.Popen(command(), env=environment, stderr=subprocess.PIPE, text=True) as rehearsal:
        try:
            yield rehearsal
        finally:
            rehearsal.kill()


def read_until(rehearsal: subprocess.Popen[str], text: str) -> str:
    """Read what a rehearsal says until a line holds `text`; all of it."""
    assert rehearsal.stderr is not None
    said = ""
    for line in rehearsal.stderr:
        said += line
        if text in line:
            return said
    pytest.fail(f"the rehearsal ended without saying {text!r}; it said:\n{said}")


def assert_nothing_is_left(directories: list[state.StateDirectory]) -> None:
    for directory in directories:
        assert processes.marked(directory.id) == []
        assert not [path for path in stack_files(directory) if path.exists()]
        assert not directory.root.exists()


def test_the_whole_chain_works_and_leaves_nothing(home: Path) -> None:
    environment = surroundings(home)
    done = subprocess.run(command("--json"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    names = ["size", "control plane", "pulumi up", "submit", "break a host", "finish"]
    assert [phase["name"] for phase in report["phases"]] == names
    assert report["job"]["state"] == "Succeeded"
    assert report["job"]["restarts"] == 1
    assert report["job"]["pods"] == 2
    assert report["host_loss"]["replaced_by"] not in {None, report["host_loss"]["host"]}
    assert report["host_loss"]["lost_steps"] > 0
    assert report["left_behind"] == []
    assert rehearsals(home) == []


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A small cluster whose API has a private address alone, with a bastion for one range."""
    spec = inputs.read(gpus=16, model="llama-3-8b", tokens=1e12, reference=None, spec=None).spec
    document = json.loads(spec.model_dump_json(by_alias=True, exclude_none=True))
    document["place"]["network"] |= {
        "bastion": "10.140.0.16/29",
        "api_access": {"way_in": "bastion", "public_from": ["203.0.113.0/24"]},
    }
    path = tmp_path / "private.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def rehearse_private(home: Path, spec: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("rackwright"))
    options = ("--model", "llama-3-8b", "--tokens", "1e12", "--spec", str(spec), "--json")
    return subprocess.run(
        [program, "rehearse", *options, *arguments],
        env=surroundings(home),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_private_endpoint_is_reached_through_the_bastion(home: Path, private: Path) -> None:
    done = rehearse_private(home, private)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["played_from"] == "203.0.113.1 (bastion)"
    assert report["job"]["state"] == "Succeeded"
    assert report["left_behind"] == []


def test_who_isn_t_on_the_bastion_s_list_doesn_t_reach_a_private_endpoint(home: Path, private: Path) -> None:
    done = rehearse_private(home, private, "--from", "198.51.100.9")
    assert done.returncode == 1
    assert "198.51.100.9 is in none of the bastion's allowed ranges 203.0.113.0/24" in json.loads(done.stdout)["error"]
    assert rehearsals(home) == []


def test_who_isn_t_among_the_clients_of_a_public_endpoint_is_told_so_in_one_sentence(home: Path) -> None:
    environment = surroundings(home)
    arguments = command("--from", "198.51.100.9", "--json")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [headline, sentence] = json.loads(done.stdout)["error"].splitlines()
    assert headline == "pulumi up failed"
    assert "can't be reached from here" in sentence
    assert "work from one of place.network.api_access.public_from (203.0.113.0/24)" in sentence


def test_ctrl_c_takes_everything_down(home: Path) -> None:
    with started(home) as rehearsal:
        read_until(rehearsal, "3/6")
        directories = rehearsals(home)
        rehearsal.send_signal(signal.SIGINT)
        assert rehearsal.wait() == 130
    assert len(directories) == 1
    assert_nothing_is_left(directories)


def test_the_next_rehearsal_removes_what_a_killed_one_left(home: Path) -> None:
    with started(home) as killed:
        read_until(killed, "3/6")
        directories = rehearsals(home)
        killed.kill()
        killed.wait()
    assert processes.marked(directories[0].id) != []
    with started(home) as following:
        said = read_until(following, "1/6")
        following.send_signal(signal.SIGINT)
        following.wait()
    assert f"removed rehearsal {directories[0].id}" in said
    assert_nothing_is_left(directories)
