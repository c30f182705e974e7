"""What is rehearsed follows from the options, and what can't be rehearsed is refused before anything is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from rackwright.specs import SpecError
from rehearsal.scenario import inputs

pytestmark = pytest.mark.pure

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster-oracle-1024.yaml"


def read(
    *,
    gpus: int | None = None,
    model: str | None = None,
    tokens: float | None = None,
    reference: str | None = None,
    spec: Path | None = None,
) -> inputs.Inputs:
    return inputs.read(gpus=gpus, model=model, tokens=tokens, reference=reference, spec=spec)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Write the example with other values."""

    def write(**changes: object) -> Path:
        path = tmp_path / "cluster.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(EXAMPLE.read_text()), **changes}))
        return path

    return write


def test_without_options_it_is_the_default_job() -> None:
    assert read().job.spec.gpus == inputs.DEFAULT_GPUS


def test_a_spec_of_ones_own_is_taken_as_it_is_and_its_first_team_trains() -> None:
    given = read(spec=EXAMPLE)
    assert given.spec.name == "example"
    assert given.job.spec.gpus == given.spec.queues.teams[0].gpus
    assert given.job.metadata.namespace == given.spec.queues.teams[0].name


def test_a_spec_is_planned_with_its_own_gpus(changed: Callable[..., Path]) -> None:
    [pool] = yaml.safe_load(EXAMPLE.read_text())["gpu_pools"]
    pool["shape"] = "BM.GPU.B200.8"
    pool["allocatable"]["rdma_interfaces"] = 8
    given = read(spec=changed(gpu_pools=[pool]))
    assert given.plan.hosts.gpu == "b200-sxm-180gb"


def test_a_spec_of_hosts_that_nothing_simulates_is_refused_with_those_that_are(changed: Callable[..., Path]) -> None:
    [pool] = yaml.safe_load(EXAMPLE.read_text())["gpu_pools"]
    pool["shape"] = "BM.GPU.GB200.4"
    with pytest.raises(SpecError, match=r"gpu_pools\.0\.shape: got 'BM.GPU.GB200.4'; expected .* BM.GPU.H100.8, "):
        read(spec=changed(gpu_pools=[pool]))


def test_options_of_which_one_would_be_ignored_are_refused() -> None:
    with pytest.raises(SpecError, match="--gpus: got it beside --reference"):
        read(reference="meta-24k", gpus=16)
    with pytest.raises(SpecError, match="--spec: got it beside --reference"):
        read(reference="meta-24k", spec=EXAMPLE)
    with pytest.raises(SpecError, match="--gpus: got it beside --spec"):
        read(spec=EXAMPLE, gpus=16)


def test_a_version_that_no_rehearsal_runs_is_refused(changed: Callable[..., Path]) -> None:
    with pytest.raises(SpecError, match=r"kubernetes_version: got 'v1\.35\.0'; expected v1\."):
        read(spec=changed(kubernetes_version="v1.35.0"))


def test_an_existing_cluster_is_refused(changed: Callable[..., Path]) -> None:
    path = changed(place={"kind": "existing", "kubeconfig_context": "lab"})
    with pytest.raises(SpecError, match=r"place\.kind: got 'existing'; expected 'oracle'"):
        read(spec=path)
