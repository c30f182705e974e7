from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest
import yaml

from rackwright.specs import ClusterSpec, load_document
from stacks import program
from tests.stacks.conftest import EXAMPLE, ROOT

pytestmark = pytest.mark.mocked


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the configuration that the next run reads."""

    def configure(value: str) -> None:
        monkeypatch.setattr(pulumi.Config, "require", lambda _self, _key: value)

    return configure


def test_a_refused_spec_ends_the_run_with_every_problem(tmp_path: Path, configured: Callable[[str], None]) -> None:
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    data["gpu_pools"][0]["hosts"] = -5
    data["place"]["network"]["nodes"] = "10.140.128.0/19"
    path = tmp_path / "bad.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    configured(str(path))
    with pytest.raises(pulumi.RunError) as refused:
        program.run()
    message = str(refused.value)
    assert "gpu_pools.0.hosts: got -5" in message
    assert "place.network" in message
    assert str(path) in message


def test_a_missing_spec_says_so_and_how_to_get_one(configured: Callable[[str], None]) -> None:
    configured("no-such-file.yaml")
    with pytest.raises(pulumi.RunError, match=r"no-such-file\.yaml: file: got .*rackwright size"):
        program.run()


def test_paths_are_relative_to_the_folder_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert program.spec_path("examples/cluster-oracle-1024.yaml") == EXAMPLE
    assert program.spec_path("/elsewhere/cluster.yaml") == Path("/elsewhere/cluster.yaml")


def test_the_project_and_its_example_stack_fit_together() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    stack = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    assert project["name"] == "rackwright"
    assert (ROOT / project["main"] / "__main__.py").is_file()
    [(key, value)] = stack["config"].items()
    assert key in project["config"]
    assert load_document(program.spec_path(value), ClusterSpec).gpu_pool.schedulable_gpus() == 1024


def test_no_program_knows_of_the_simulation() -> None:
    for path in sorted((ROOT / "stacks").rglob("*.py")):
        text = path.read_text(encoding="utf-8").lower()
        assert "rehears" not in text, path
        assert "simulat" not in text, path
