"""`preview`, `up`, `down`: what Pulumi is asked to do; a stand-in on PATH writes down its arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rackwright.cli.exit_codes import ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

RECORDER = """#!/bin/sh
echo "$PWD: $*" >> "$RECORD"
case "$1" in preview|up|destroy) exit "${PULUMI_STATUS:-0}";; esac
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A checkout with a valid spec, the working directory below it, and a pulumi that records."""
    (tmp_path / "Pulumi.yaml").write_text("name: rackwright\nruntime: python\n", encoding="utf-8")
    below = tmp_path / "below"
    below.mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pulumi").write_text(RECORDER, encoding="utf-8")
    (tools / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    sized = run(
        *("size", "--model", "llama-3-8b", "--tokens", "1e12", "--gpus", "64", "--name", "demo", "--place", "existing"),
        *("--kubeconfig-context", "own", "--output-directory", str(below)),
    )
    assert sized.exit_code == 0
    monkeypatch.chdir(below)
    return tmp_path


def recorded(project: Path) -> list[str]:
    """What pulumi was called with, and where."""
    return (project / "record").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("command", "verb"),
    [
        (("preview", "--diff"), "preview --stack demo --diff"),
        (("up", "--yes"), "up --stack demo --yes"),
        (("down", "-y", "--remove"), "destroy --stack demo --yes --remove"),
    ],
)
def test_the_stack_is_chosen_the_spec_set_and_the_rest_passed_on(
    run: Run, project: Path, command: tuple[str, ...], verb: str
) -> None:
    assert run(*command).exit_code == 0
    assert recorded(project) == [
        f"{project}: stack select --create --stack demo --non-interactive",
        f"{project}: config set rackwright:clusterSpec below/cluster.yaml --stack demo --non-interactive",
        f"{project}: {verb}",
    ]


def test_pulumi_s_exit_code_is_passed_on(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.exists()
    monkeypatch.setenv("PULUMI_STATUS", "7")
    assert run("preview").exit_code == 7


def test_a_bad_spec_is_refused_before_pulumi_is_called(run: Run, project: Path) -> None:
    path = project / "below" / "cluster.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("gpus_per_host: 8", "gpus_per_host: -8"), encoding="utf-8")
    result = run("up", "--yes")
    assert result.exit_code == ExitCode.REFUSED
    assert "gpu_pools.0.gpus_per_host: got -8; expected at least 1." in result.stderr
    assert not (project / "record").exists()


def test_without_pulumi_there_is_one_sentence(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.exists()
    monkeypatch.setenv("PATH", "/nonexistent")
    result = run("preview")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "pulumi isn't on PATH" in result.stderr


def test_without_a_checkout_there_is_one_sentence(
    run: Run, project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr("rackwright.cli.checkout.__file__", str(elsewhere / "a" / "b" / "checkout.py"))
    result = run("preview", "--spec", str(project / "below" / "cluster.yaml"))
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "no checkout of rackwright found" in result.stderr
    assert json.dumps(result.stderr).count("\\n") == 1


def test_rehearse_without_the_checkout_says_where_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rackwright.cli.app.REHEARSE", "rehearse-elsewhere")
    monkeypatch.setattr("rackwright.cli.checkout.importlib.util.find_spec", lambda _: None)
    result = run("rehearse-elsewhere", "--gpus", "8")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "needs the project's checkout" in result.stderr
