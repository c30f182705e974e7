from __future__ import annotations

from typing import Any

import pytest

from rackwright.specs import ClusterSpec, load_document
from tests.stacks.conftest import ROOT, Change, Declare
from tests.stacks.recording import Run

pytestmark = pytest.mark.mocked


@pytest.fixture
def existing(changed: Change) -> ClusterSpec:
    """The example on machines of one's own."""

    def edit(data: dict[str, Any]) -> None:
        data["place"] = {"kind": "existing", "kubeconfig_context": "our-machines"}

    return changed(edit)


def test_nothing_is_asked_of_oracle(declared: Declare, existing: ClusterSpec) -> None:
    run = declared(existing)
    assert run.calls == {}
    assert [each.urn for each in run.resources if "oci" in each.type] == []


def test_the_context_of_the_users_kubeconfig_is_used(declared: Declare, existing: ClusterSpec) -> None:
    provider = declared(existing).one("pulumi:providers:kubernetes")
    assert provider.inputs["context"] == "our-machines"
    assert "kubeconfig" not in provider.inputs


def test_what_runs_on_the_cluster_is_the_same_as_at_oracle(
    declared: Declare, existing: ClusterSpec, spec: ClusterSpec
) -> None:
    def inside(run: Run) -> set[str]:
        return {each.urn for each in run.resources if each.type.startswith("kubernetes:")}

    assert inside(declared(existing)) == inside(declared(spec, "inside"))


def test_the_example_of_own_machines_is_declared_with_the_addresses_of_its_rdma_interfaces(declared: Declare) -> None:
    run = declared(load_document(ROOT / "examples" / "cluster-existing.yaml", ClusterSpec))
    assert run.one("pulumi:providers:kubernetes").inputs["context"] == "machine-room"
    assert run.one("nv-ipam.nvidia.com/v1alpha1:IPPool").inputs["spec"]["perNodeBlockSize"] == 16


def test_the_outputs_tell_of_pools_and_queues(declared: Declare, existing: ClusterSpec) -> None:
    assert set(declared(existing).outputs) == {"pools", "queues"}
