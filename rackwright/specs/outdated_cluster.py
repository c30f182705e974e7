"""How a cluster's file was written before the place held all that is Oracle's, and how to rewrite it.

Then pools were one list, told apart by a `role`; network, image and the system hosts' size stood outside of the place,
though only Oracle needs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rackwright.specs.base import Refusal

OLD_SYSTEM_FIELDS = ("shape", "ocpus", "memory_gb", "allocatable")
"""Fields of a system pool that it has no more."""


TWO_FIELDS = "one system_pool, and the pools with GPUs in gpu_pools"


def outdated_fields(document: Mapping[str, Any]) -> list[Refusal]:
    """The fields of a cluster's file that stand elsewhere now, each with where and how; none in a file of today."""
    pools = document.get("pools")
    rented = not (isinstance(place := document.get("place"), Mapping) and place.get("kind") == "existing")
    return [
        *_network(document, rented=rented),
        *(_api_clients(document) if rented else ()),
        *(each for index, pool in _entries(pools) for each in _pool(index, pool, rented=rented)),
        *_no_pools(document),
        *(
            each
            for index, pool in _entries(document.get("gpu_pools"))
            for each in _image(f"gpu_pools.{index}", pool, rented=rented)
        ),
    ]


def _entries(pools: object) -> list[tuple[int, Mapping[str, Any]]]:
    """The pools of a list with their numbers, as far as they are pools."""
    listed = pools if isinstance(pools, list) else []
    return [(index, pool) for index, pool in enumerate(listed) if isinstance(pool, Mapping)]


def _network(document: Mapping[str, Any], *, rented: bool) -> Iterator[Refusal]:
    if "network" in document:
        yield Refusal(
            field="network",
            value=document["network"],
            expected="it as place.network" if rented else "no such field, since an existing cluster has its network",
            remedy="move network with all that is in it below place, two spaces further in" if rented else "remove it",
        )


def _pool(index: int, pool: Mapping[str, Any], *, rented: bool) -> Iterator[Refusal]:
    field, role = f"pools.{index}", pool.get("role")
    if role == "gpu":
        yield Refusal(
            field=field,
            value=pool,
            expected="it as an entry of gpu_pools",
            remedy="move it there, without role" + (" and image_id" if "image_id" in pool else ""),
        )
        yield from _image(field, pool, rented=rented)
    elif role == "system":
        old = ["role", *(name for name in OLD_SYSTEM_FIELDS if name in pool)]
        yield Refusal(
            field=field,
            value=pool,
            expected="it as system_pool, a mapping and no list",
            remedy=f"move it there, without {', '.join(old)}",
        )
        if rented:
            yield _system_shape(field, pool)
    else:
        yield Refusal(
            field=f"{field}.role",
            value=role,
            expected=TWO_FIELDS,
            remedy="move it to the one that it belongs to, without role",
        )


def _system_shape(field: str, pool: Mapping[str, Any]) -> Refusal:
    size = f"ocpus: {pool.get('ocpus', '…')}, memory_gb: {pool.get('memory_gb', '…')}"
    return Refusal(
        field=f"{field}.shape",
        value=pool.get("shape"),
        expected="it as place.system_shape, together with ocpus and memory_gb",
        remedy=f"write below place: system_shape: {{name: {pool.get('shape', '…')}, {size}}}",
    )


def _image(field: str, pool: Mapping[str, Any], *, rented: bool) -> Iterator[Refusal]:
    if "image_id" in pool:
        yield Refusal(
            field=f"{field}.image_id",
            value=pool["image_id"],
            expected="it as place.image_id" if rented else "no such field, since an existing cluster's hosts run",
            remedy=f"write below place: image_id: {pool['image_id']}" if rented else "remove it",
        )


def _api_clients(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """The one list of clients, without which the API had no way in, before there were several ways."""
    for field, place in (("network", document), ("place.network", document.get("place"))):
        network = place.get("network") if isinstance(place, Mapping) else None
        if not isinstance(network, Mapping) or "api_clients" not in network:
            continue
        clients = network["api_clients"] if isinstance(network["api_clients"], list) else []
        ranges = ", ".join(map(str, clients)) or "203.0.113.0/24"
        yield Refusal(
            field=f"{field}.api_clients",
            value=network["api_clients"],
            expected="place.network.api_access, which says by which way one comes to the Kubernetes API",
            remedy=f"write in its place: api_access: {{way_in: {'public' if clients else 'bastion'}, "
            f"public_from: [{ranges}]}}"
            + ("" if clients else " with your own range, and bastion: 10.140.0.16/29, a free /29 of the VCN"),
        )


def _no_pools(document: Mapping[str, Any]) -> Iterator[Refusal]:
    if "pools" in document and not _entries(document["pools"]):
        yield Refusal(
            field="pools",
            value=document["pools"],
            expected=TWO_FIELDS,
            remedy="write these two in its place",
        )
