"""Machines and layouts that several tests use."""

from __future__ import annotations

from rackwright.catalog import GPUS, HOSTS, SOFTWARE
from rackwright.sizing.figures import PlanningFigures
from rackwright.sizing.step.machine import Machine
from rackwright.sizing.step.parallelism import Layout
from rackwright.specs.fabric import FabricLevel
from rackwright.specs.request import Precision

USUAL = PlanningFigures.of({})
"""The catalogue's planning figures, none of them given by a request."""


def hgx(precision: Precision = "bf16", *, software: str = "megatron", levels: tuple[FabricLevel, ...] = ()) -> Machine:
    """Hosts of eight H100 with eight ports of 400 Gbit/s."""
    return Machine(
        gpu=GPUS.entries["h100-sxm-80gb"],
        host=HOSTS.entries["DGX-H100"],
        software=SOFTWARE.entries[software],
        precision=precision,
        levels=levels,
    )


def pod(hosts: int, oversubscription: float) -> FabricLevel:
    """A level of the fabric."""
    return FabricLevel(name="pod", node_label="example.com/pod", hosts=hosts, oversubscription=oversubscription)


def layout(**dimensions: object) -> Layout:
    """One GPU's layout, but for what is given."""
    plain: dict[str, object] = {
        "tensor": 1,
        "context": 1,
        "pipeline": 1,
        "virtual_pipeline": 1,
        "expert": 1,
        "data": 1,
        "micro_batch": 1,
        "micro_batches": 1,
        "recompute": "none",
    }
    return Layout(**{**plain, **dimensions})  # type: ignore[arg-type]  # dimensions by name
