"""The repository's habits hold: one script for every machine, one home for what the checkout needs."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from tests.docs.code_blocks import ROOT

pytestmark = pytest.mark.pure

OF_THEIR_OWN = {"dev", "go", "operator"}
"""Groups that aren't part of what is developed with: all of it; Go where there is none; what the image has."""


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def document(name: str) -> Any:  # noqa: ANN401  # YAML
    """A YAML file of the checkout."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_nothing_of_the_checkout_is_ignored() -> None:
    """What Git ignores is left out of the wheel too, even where Git has it already."""
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert listed.stdout.split() == []


def test_the_wheel_asks_for_the_library_s_needs_alone() -> None:
    assert "optional-dependencies" not in project()["project"]


def test_development_has_all_groups() -> None:
    groups = project()["dependency-groups"]
    assert {each["include-group"] for each in groups["dev"]} == set(groups) - OF_THEIR_OWN


def test_each_lock_is_compiled_from_a_group_that_is_there_and_names_no_index() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    locks = dict(re.findall(r"--group (\w+) --output-file (requirements/[\w.]+)", makefile))
    assert set(locks) == {"dev", "go", "operator", "uv"}
    assert set(locks) <= set(project()["dependency-groups"])
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "requirements").iterdir()} == set(locks.values())
    for lock in locks.values():
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_the_workflow_runs_what_every_other_machine_runs() -> None:
    (job,) = document(".github/workflows/ci.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_hooks_run_the_tools_of_make_check_and_download_nothing() -> None:
    repositories = document(".pre-commit-config.yaml")["repos"]
    assert [each["repo"] for each in repositories] == ["local"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "system"
        program, *words = hook["entry"].split()
        if program == "make":
            assert re.search(rf"^{words[0]}:", makefile, re.MULTILINE)
        else:
            assert f"$(BIN)/{program.removeprefix('.venv/bin/')}" in makefile


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()))
def test_forms_for_issues_have_what_github_asks_for(name: str) -> None:
    form = document(f".github/ISSUE_TEMPLATE/{name}")
    assert {"name", "description", "body"} <= set(form)
    identifiers = [field["id"] for field in form["body"]]
    assert len(set(identifiers)) == len(identifiers)
