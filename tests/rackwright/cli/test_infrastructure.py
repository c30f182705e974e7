"""`preview`, `up`, `down`: what Pulumi is asked to do; a stand-in on PATH writes down its arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rackwright.cli import infrastructure
from rackwright.cli.exit_codes import ExitCode

pytestmark = pytest.mark.pure

Run = Callable[..., Result]

RECORDER = """#!/bin/sh
echo "$PWD: $*" >> "$RECORD"
case "$1 $2" in
"stack output") cat "$OUTPUTS/$3" 2>/dev/null || exit 1; exit;;
"stack export") cat "$OUTPUTS/export" 2>/dev/null || exit 1; exit;;
esac
case "$1" in preview|up|destroy) exit "${PULUMI_STATUS:-0}";; esac
"""
"""Pulumi, as far as it is called: it writes down its arguments, and has the outputs that a test gives it."""

ORACLE = (
    *("--region", "us-chicago-1", "--tenancy-id", "ocid1.tenancy.oc1..aaaa"),
    *("--compartment-id", "ocid1.compartment.oc1..aaaa", "--image-id", "ocid1.image.oc1..aaaa"),
    *("--api-from", "203.0.113.0/24", "--api-private", "bastion"),
)


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
    monkeypatch.setenv("OUTPUTS", str(tmp_path / "outputs"))
    (tmp_path / "outputs").mkdir()
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
        (("preview", "--diff"), "preview --stack demo-inside --diff"),
        (("up", "--yes"), "up --stack demo-inside --yes"),
        (("down", "-y", "--remove"), "destroy --stack demo-inside --yes --remove"),
    ],
)
def test_the_stack_is_chosen_the_spec_set_and_the_rest_passed_on(
    run: Run, project: Path, command: tuple[str, ...], verb: str
) -> None:
    assert run(*command).exit_code == 0
    assert recorded(project) == [
        f"{project}: stack select --create --stack demo-inside --non-interactive",
        f"{project}: config set rackwright:clusterSpec below/cluster.yaml --stack demo-inside --non-interactive",
        f"{project}: config set rackwright:part inside --stack demo-inside --non-interactive",
        f"{project}: {verb}",
    ]


@pytest.fixture
def rented(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with a cluster at Oracle, whose API is reached by a bastion; `oci` is there."""
    sized = run(
        *("size", "--model", "llama-3-8b", "--tokens", "1e12", "--gpus", "64", "--name", "demo", *ORACLE),
        *("--output-directory", str(project / "below")),
    )
    assert sized.exit_code == 0, sized.stderr
    (project / "tools" / "oci").touch(mode=0o755)
    monkeypatch.setattr(infrastructure, "unreachable", lambda _kubeconfig: None)
    return project


def make_cloud(project: Path) -> None:
    """Let the cloud part be there."""
    kubeconfig = {"clusters": [{"cluster": {"server": "https://127.0.0.1:6443"}}]}
    (project / "outputs" / "kubeconfig").write_text(json.dumps(kubeconfig), encoding="utf-8")
    (project / "outputs" / "tunnel").write_text("the commands\n", encoding="utf-8")


def verbs(project: Path) -> list[str]:
    """What pulumi did to stacks, without its preparations."""
    lines = [line.removeprefix(f"{project}: ") for line in recorded(project)]
    return [line for line in lines if line.split()[0] in {"preview", "up", "destroy"}]


def test_a_rented_cluster_goes_up_cloud_first_and_down_inside_first(run: Run, rented: Path) -> None:
    make_cloud(rented)
    assert run("up", "--yes").exit_code == 0
    assert verbs(rented) == ["up --stack demo-cloud --yes", "up --stack demo-inside --yes"]
    (rented / "record").unlink()
    resources = {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, {"type": "kubernetes:core/v1:Pod"}]}}
    (rented / "outputs" / "export").write_text(json.dumps(resources), encoding="utf-8")
    assert run("down", "--yes").exit_code == 0
    assert verbs(rented) == ["destroy --stack demo-inside --yes", "destroy --stack demo-cloud --yes"]


def test_down_leaves_alone_a_part_inside_that_holds_nothing(run: Run, rented: Path) -> None:
    make_cloud(rented)
    empty = {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}]}}
    (rented / "outputs" / "export").write_text(json.dumps(empty), encoding="utf-8")
    assert run("down", "--yes").exit_code == 0
    assert verbs(rented) == ["destroy --stack demo-cloud --yes"]


@pytest.mark.parametrize(("command", "before"), [("up", ["up --stack demo-cloud"]), ("down", [])])
def test_an_api_that_can_t_be_reached_is_one_sentence_with_the_way_there(
    run: Run, rented: Path, monkeypatch: pytest.MonkeyPatch, command: str, before: list[str]
) -> None:
    make_cloud(rented)
    resources = {"deployment": {"resources": [{"type": "kubernetes:core/v1:Pod"}]}}
    (rented / "outputs" / "export").write_text(json.dumps(resources), encoding="utf-8")
    monkeypatch.setattr(infrastructure, "unreachable", lambda _kubeconfig: "connection refused")
    result = run(command)
    assert result.exit_code == ExitCode.UNREACHABLE
    assert verbs(rented) == before
    assert result.stderr == (
        "error: the cluster's API https://127.0.0.1:6443 can't be reached from here (connection refused): to get "
        "there, run what `rackwright access` prints in another terminal, and leave it open; then run this again, "
        "which goes on from there.\n"
    )


def test_inside_is_previewed_once_there_is_a_cluster(run: Run, rented: Path) -> None:
    result = run("preview")
    assert result.exit_code == 0
    assert "can be previewed once the cluster is there" in result.stderr
    assert verbs(rented) == ["preview --stack demo-cloud"]
    make_cloud(rented)
    assert run("preview").exit_code == 0
    assert verbs(rented)[1:] == ["preview --stack demo-cloud", "preview --stack demo-inside"]


def test_without_oci_nothing_is_begun(run: Run, rented: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(rented / "tools"))
    (rented / "tools" / "oci").unlink()
    result = run("up", "--yes")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert "oci isn't on PATH" in result.stderr
    assert not (rented / "record").exists()


def test_access_prints_the_tunnel_s_commands(run: Run, rented: Path) -> None:
    missing = run("access")
    assert missing.exit_code == ExitCode.NOT_FOUND
    assert "there is no bastion yet in the stack demo-cloud" in missing.stderr
    make_cloud(rented)
    assert run("access").stdout == "the commands\n"


def test_access_says_which_context_leads_to_an_existing_cluster(run: Run, project: Path) -> None:
    assert project.exists()
    assert run("access").stdout == "# the kubeconfig's context own leads there\n"


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
