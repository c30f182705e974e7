"""The simulated region's hosts are those that plans are made with."""

from __future__ import annotations

import pytest

from rackwright.catalog import HOSTS, PLACES
from rehearsal.cloud.shapes import SHAPES, size

pytestmark = pytest.mark.pure

NOT_REHEARSED = {"BM.GPU.GB200.4"}
"""Its trays join over NVLink racks (GPU memory clusters), which the stacks don't declare."""

PLANNED = sorted(set(PLACES.entries["oracle"].shapes.values()) - NOT_REHEARSED)


@pytest.mark.parametrize("name", PLANNED)
def test_a_planned_host_is_the_same_in_a_rehearsal(name: str) -> None:
    planned, simulated = HOSTS.entries[name], SHAPES[name]
    assert simulated.gpus == planned.gpus_per_host
    assert simulated.rdma_interfaces == planned.ports_per_host
    assert simulated.memory_gb == planned.memory_gb.expected
    assert size(simulated).cpus == planned.cpus.expected
