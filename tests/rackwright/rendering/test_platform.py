from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rackwright.rendering.platform import jobset_values, kueue_configuration, kueue_values
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.platform import JobSet, Kueue

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"
GOLDEN = Path(__file__).parent / "golden" / "platform.yaml"
SYSTEM = {"rackwright.dev/pool": "system"}


@pytest.fixture(scope="module")
def spec() -> ClusterSpec:
    return load_document(EXAMPLE, ClusterSpec)


def test_the_example_renders_to_the_golden_values(spec: ClusterSpec) -> None:
    golden = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    assert kueue_configuration(spec.platform.kueue) == golden["kueue_configuration"]
    assert jobset_values(spec.platform.jobset, node_labels=SYSTEM) == golden["jobset_values"]


def test_kueue_gets_its_whole_configuration_as_text(spec: ClusterSpec) -> None:
    values = kueue_values(spec.platform.kueue, node_labels=SYSTEM)
    assert yaml.safe_load(values["managerConfig"]["controllerManagerConfigYaml"]) == kueue_configuration(
        spec.platform.kueue
    )


def test_the_specs_settings_reach_both_charts() -> None:
    kueue = Kueue(version="0.16.1", client_qps=7, client_burst=8, ready_timeout_s=9, recovery_timeout_s=10)
    configuration = kueue_configuration(kueue)
    assert configuration["clientConnection"] == {"qps": 7, "burst": 8}
    assert configuration["waitForPodsReady"]["timeout"] == "9s"
    assert configuration["waitForPodsReady"]["recoveryTimeout"] == "10s"
    assert kueue_values(kueue, node_labels={})["controllerManager"]["manager"]["image"]["tag"] == "v0.16.1"
    values = jobset_values(JobSet(version="0.12.3", client_qps=11, client_burst=12), node_labels={})
    assert values["controller"]["clientConnection"] == {"qps": 11, "burst": 12}
    assert values["image"]["tag"] == "v0.12.3"


def test_controllers_stay_off_the_gpu_hosts(spec: ClusterSpec) -> None:
    kueue = kueue_values(spec.platform.kueue, node_labels=SYSTEM)["controllerManager"]
    jobset = jobset_values(spec.platform.jobset, node_labels=SYSTEM)["controller"]
    assert kueue["nodeSelector"] == jobset["nodeSelector"] == SYSTEM
