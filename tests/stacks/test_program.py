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
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the configuration that the next run reads."""

    def configure(value: str, part: str | None = "cloud") -> None:
        monkeypatch.setattr(pulumi.Config, "require", lambda _self, _key: value)
        monkeypatch.setattr(pulumi.Config, "get", lambda _self, _key: part)

    return configure


def test_a_refused_spec_ends_the_run_with_every_problem(tmp_path: Path, configured: Callable[..., None]) -> None:
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


def test_a_missing_spec_says_so_and_how_to_get_one(configured: Callable[..., None]) -> None:
    configured("no-such-file.yaml")
    with pytest.raises(pulumi.RunError, match=r"no-such-file\.yaml: file: got .*rackwright size"):
        program.run()


def test_paths_are_relative_to_the_folder_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert program.spec_path("examples/cluster-oracle-1024.yaml") == EXAMPLE
    assert program.spec_path("/elsewhere/cluster.yaml") == Path("/elsewhere/cluster.yaml")


@pytest.mark.parametrize("part", ["cloud", "inside"])
def test_the_project_and_its_example_stacks_fit_together(part: str) -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    stack = yaml.safe_load((ROOT / f"Pulumi.dev-{part}.yaml").read_text(encoding="utf-8"))
    assert project["name"] == "rackwright"
    assert (ROOT / project["main"] / "__main__.py").is_file()
    assert set(stack["config"]) <= set(project["config"])
    assert stack["config"]["rackwright:part"] == part
    spec = load_document(program.spec_path(stack["config"]["rackwright:clusterSpec"]), ClusterSpec)
    assert spec.gpu_pool.schedulable_gpus() == 1024


@pytest.mark.parametrize("part", [None, "all"])
def test_a_stack_that_doesn_t_say_its_part_is_told_of_both(configured: Callable[..., None], part: str | None) -> None:
    configured(str(EXAMPLE), part)
    with pytest.raises(pulumi.RunError, match=r"rackwright:part: got .*; expected cloud .* or inside") as refused:
        program.run()
    assert "rackwright up" in str(refused.value)


def test_an_existing_kubernetes_has_no_part_in_a_cloud(configured: Callable[..., None]) -> None:
    configured(str(ROOT / "examples" / "cluster-existing.yaml"), "cloud")
    with pytest.raises(pulumi.RunError, match="rackwright:part: got 'cloud'; expected 'inside'"):
        program.run()


def test_no_program_knows_of_the_simulation() -> None:
    for path in sorted((ROOT / "stacks").rglob("*.py")):
        text = path.read_text(encoding="utf-8").lower()
        assert "rehears" not in text, path
        assert "simulat" not in text, path
