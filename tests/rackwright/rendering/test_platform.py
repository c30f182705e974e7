from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rackwright.rendering.platform import jobset_values, kueue_configuration, kueue_values
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.platform import JobSet, Kueue, Platform

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"
GOLDEN = Path(__file__).parent / "golden" / "platform.yaml"


@pytest.fixture(scope="module")
def spec() -> ClusterSpec:
    return load_document(EXAMPLE, ClusterSpec)


def test_the_example_renders_to_the_golden_values(spec: ClusterSpec) -> None:
    golden = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    assert kueue_configuration(spec) == golden["kueue_configuration"]
    assert jobset_values(spec) == golden["jobset_values"]


def test_kueue_gets_its_whole_configuration_as_text(spec: ClusterSpec) -> None:
    values = kueue_values(spec)
    assert yaml.safe_load(values["managerConfig"]["controllerManagerConfigYaml"]) == kueue_configuration(spec)


def test_the_specs_settings_reach_both_charts(spec: ClusterSpec) -> None:
    platform = Platform(
        kueue=Kueue(version="0.16.1", client_qps=7, client_burst=8, ready_timeout_s=9, recovery_timeout_s=10),
        jobset=JobSet(version="0.12.3", client_qps=11, client_burst=12),
    )
    other = spec.model_copy(update={"platform": platform})
    configuration = kueue_configuration(other)
    assert configuration["clientConnection"] == {"qps": 7, "burst": 8}
    assert configuration["waitForPodsReady"]["timeout"] == "9s"
    assert configuration["waitForPodsReady"]["recoveryTimeout"] == "10s"
    assert kueue_values(other)["controllerManager"]["manager"]["image"]["tag"] == "v0.16.1"
    assert jobset_values(other)["controller"]["clientConnection"] == {"qps": 11, "burst": 12}
    assert jobset_values(other)["image"]["tag"] == "v0.12.3"


def test_controllers_stay_off_the_gpu_hosts(spec: ClusterSpec) -> None:
    for values in (kueue_values(spec)["controllerManager"], jobset_values(spec)["controller"]):
        assert values["nodeSelector"] == {"rackwright.dev/pool": "system"}
