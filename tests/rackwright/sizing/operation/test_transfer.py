"""Moving a model across each level of the machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.catalog import GPUS, HOSTS, PLACES
from rackwright.sizing.figures import exact
from rackwright.sizing.operation import transfer
from rackwright.sizing.operation.transfer import Machine, model_bytes, transfer_plan
from rackwright.specs.figure import Figure, Unknown
from rackwright.specs.operation import TransferPlan
from tests.rackwright.sizing.machines import USUAL

pytestmark = pytest.mark.pure

HALF_LINE_RATE = exact(0.5, formula="-")


def moved(gigabytes: float = 700, *, hosts: int = 2750, storage: float | None = None) -> TransferPlan:
    return transfer_plan(
        exact(gigabytes, formula="-"),
        Machine(
            gpu=GPUS.entries["h100-sxm-80gb"],
            host=HOSTS.entries["DGX-H100"],
            hosts=hosts,
            levels=PLACES.entries["oracle"].levels,
            network_efficiency=HALF_LINE_RATE,
            storage_read_gb_s=Unknown(unknown="-") if storage is None else exact(storage, formula="-"),
            figures=USUAL,
        ),
    )


def broadcast_s(size: float, *, host_gb_s: float, hosts: int) -> float:
    """With usual chunks and hops."""
    chunk_gb, hop_s = USUAL["broadcast_chunk_gb"].expected, USUAL["broadcast_hop_s"].expected
    return transfer.broadcast_s(size, host_gb_s=host_gb_s, hosts=hosts, chunk_gb=chunk_gb, hop_s=hop_s)


def seconds(plan: TransferPlan) -> dict[str, float]:
    return {each.level: each.transfer_s.expected for each in plan.levels if isinstance(each.transfer_s, Figure)}


def test_a_model_of_175_billion_parameters_is_700_gb_at_four_bytes() -> None:
    assert model_bytes(175e9).expected == 700


def test_700_gb_across_each_level() -> None:
    times = seconds(moved(storage=1000))
    assert times["memory of one GPU"] == pytest.approx(700 / 3350)
    assert times["NVLink, one GPU to its host's others"] == pytest.approx(700 / 450)
    assert times["one RDMA port"] == pytest.approx(700 / 25)  # 400 Gbit/s is 50 GB/s, half of it 25
    assert times["one host to another"] == pytest.approx(700 / 200)
    assert times["front network of one host"] == pytest.approx(700 / 40)
    assert times["storage to the cluster, once"] == pytest.approx(0.7)
    assert times["storage to every host by itself"] == pytest.approx(0.7 * 2750)
    assert [name for name in times if name.startswith("one host to all")] == [
        "one host to all 32 of its leaf",
        "one host to all 256 of its block",
        "one host to all 2,048 of its island",
        "one host to all 2,750 of the cluster",
    ]


def test_storage_that_nothing_is_known_of_stays_unknown() -> None:
    unknown = [each.level for each in moved().levels if isinstance(each.transfer_s, Unknown)]
    assert unknown == ["storage to the cluster, once", "storage to every host by itself"]


@given(size=st.floats(0.1, 10_000), rate=st.floats(1, 1000), hosts=st.integers(1, 16_000), more=st.integers(0, 16_000))
def test_a_broadcast_is_never_faster_for_more_hosts_nor_for_less_bandwidth(
    size: float, rate: float, hosts: int, more: int
) -> None:
    own = broadcast_s(size, host_gb_s=rate, hosts=hosts)
    assert own >= size / rate
    assert broadcast_s(size, host_gb_s=rate, hosts=hosts + more) >= own
    assert broadcast_s(size, host_gb_s=rate * 2, hosts=hosts) <= own


def test_passing_on_in_chunks_reaches_12500_hosts_in_little_more_time_than_one() -> None:
    one = broadcast_s(700, host_gb_s=320, hosts=2)
    assert broadcast_s(700, host_gb_s=320, hosts=12_500) < 1.1 * one
