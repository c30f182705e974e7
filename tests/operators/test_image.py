"""The operator's image, as far as its making can be judged without a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
OWN = {"operators", "rackwright"}

IMPORTED = """
import sys
before = set(sys.modules)
import operators.__main__
for name in {name.partition(".")[0] for name in set(sys.modules) - before}:
    if getattr(sys.modules[name], "__file__", None):  # a namespace alone belongs to nobody
        print(name)
"""


def locked(name: str) -> dict[str, str]:
    """Distributions and versions in a lock."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {normal(each): version for each, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lines, re.MULTILINE)}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_operator_imports_is_in_its_lock() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True)
    of_module = packages_distributions()
    imported = {normal(each) for name in set(done.stdout.split()) - OWN for each in of_module.get(name, ())}
    assert {"kopf", "kubernetes", "pydantic", "jinja2"} <= imported
    assert imported <= set(locked("operator.txt"))


def test_the_image_has_the_versions_that_are_tested() -> None:
    assert locked("operator.txt").items() <= locked("development.txt").items()


def test_the_image_installs_by_hash_and_runs_as_the_user_of_the_deployment() -> None:
    lines = (ROOT / "operators" / "Containerfile").read_text(encoding="utf-8").splitlines()
    deployment = (ROOT / "manifests" / "operator" / "operator.yaml.j2").read_text(encoding="utf-8")
    (user,) = [line.removeprefix("USER ") for line in lines if line.startswith("USER ")]
    (installing,) = [line for line in lines if " pip install " in line]
    assert user.split(":") == re.findall(r"runAs(?:User|Group): (\d+)", deployment)
    assert "--require-hashes" in installing
    assert [line for line in lines if line.startswith("COPY requirements/")] == [
        "COPY requirements/operator.txt requirements.txt"
    ]
