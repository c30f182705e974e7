"""A program's own account of its version is read rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.tools.go import Toolchain
from rehearsal.tools.installed import has_version, recorded_version, reported_version
from rehearsal.tools.pins import Module, Program

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8\n", "3.7.3"),
        ("Kubernetes v1.36.3\n", "v1.36.3"),
        ("Client Version: v1.36.3\nKustomize Version: v5.8.1\n", "v1.36.3"),
        ("kwok version v0.8.0 go1.26.8 (linux/amd64)\n", "v0.8.0"),
        ("v3.250.0\n", "v3.250.0"),
        ('version.BuildInfo{Version:"v4.3.1", GoVersion:"go1.26"}', "v4.3.1"),
        # Another vendor's build, or one before the release, is not the pinned version.
        ("Kubernetes v1.36.3+k3s1\n", "v1.36.3+k3s1"),
        ("v3.250.0-alpha.1\n", "v3.250.0-alpha.1"),
        ("built with go1.26.8\n", None),
        ("v4.3\n", None),
        ("", None),
    ],
)
def test_the_first_version_counts_with_its_suffix(output: str, expected: str | None) -> None:
    assert reported_version(output) == expected


BUILD_INFORMATION = """/cache/kueue: go1.26.8
\tpath\tsigs.k8s.io/kueue/cmd/kueue
\tmod\trackwright.dev/tools/kueue\t(devel)\t
\tdep\tsigs.k8s.io/jobset\tv0.10.1\th1:abc=
\tdep\tsigs.k8s.io/kueue\tv0.15.0\th1:def=
\tbuild\t-trimpath=true
"""


def test_the_version_of_a_dependency_is_found() -> None:
    assert recorded_version(BUILD_INFORMATION, "sigs.k8s.io/kueue") == "v0.15.0"


def test_the_version_of_the_main_module_is_found() -> None:
    installed = "/bin/jobset: go1.26.8\n\tpath\tsigs.k8s.io/jobset\n\tmod\tsigs.k8s.io/jobset\tv0.11.1\th1:abc=\n"
    assert recorded_version(installed, "sigs.k8s.io/jobset") == "v0.11.1"


def test_a_module_that_is_not_in_the_program_has_no_version() -> None:
    assert recorded_version(BUILD_INFORMATION, "sigs.k8s.io/kwok") is None


@pytest.mark.parametrize(
    ("asks_go", "own_home"),
    [
        # Go's telemetry would go on writing to a new home while that is removed.
        (True, False),
        # Pulumi, say, leaves files in whatever home it runs in.
        (False, True),
    ],
)
def test_go_runs_in_the_users_home_and_programs_in_one_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, asks_go: bool, own_home: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    told = tmp_path / "told"
    script = tmp_path / "program"
    script.write_text(f'#!/bin/sh\necho "$HOME" >{told}\nprintf "\\tmod\\texample.org/x\\tv1.2.3\\n"\n')
    script.chmod(0o755)
    program = Program(
        name="program",
        module=Module(directory=tmp_path, path="example.org/x"),
        package="example.org/x",
        version_arguments=None if asks_go else (),
    )
    (tmp_path / "go.mod").write_text("module pins\n\nrequire example.org/x v1.2.3\n")

    assert has_version(program, script, toolchain=Toolchain(program=script, identity="go"))

    home = told.read_text().strip()
    assert (home != str(tmp_path)) == own_home
