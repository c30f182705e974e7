"""What the simulated Oracle remembers: one JSON file, shared by all providers and stacks of a rehearsal."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rehearsal.cloud.identifiers import kind_of, opaque
from rehearsal.files import write_whole

FILE = "oracle.json"
"""The file's name in a rehearsal's state directory."""

DEFAULT_CAPACITY = {
    "BM.GPU.H100.8": 12_500,
    "BM.GPU.H200.8": 2_048,
    "BM.GPU.B200.8": 2_048,
    "BM.GPU.A100-v2.8": 2_048,
    "BM.GPU4.8": 2_048,
}
"""Hosts of each shape in one availability domain: 100,000 H100s, so that the largest cluster of the design fits."""


class Record(BaseModel):
    """A resource."""

    model_config = ConfigDict(extra="forbid")

    id: str
    token: str
    region: str
    """The region's identifier."""
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    made_with: str | None = None
    """The id of the resource that Oracle made this one along with, such as a network's default route table."""

    @property
    def kind(self) -> str | None:
        """The kind in its OCID."""
        return kind_of(self.id)


class Host(BaseModel):
    """A running instance of a pool."""

    model_config = ConfigDict(extra="forbid")

    id: str
    pool: str
    """The id of the cluster network or node pool that it belongs to."""
    number: int
    """Counts all hosts ever launched: a later host has a higher number."""
    shape: str
    availability_domain: str
    position: int | None
    """Where it stands on the RDMA fabric; none for a shape that isn't on it."""
    subnet: str
    address: str
    """Its primary private address, by which its node is named."""
    joins: bool
    """Whether it was launched to be a node of the cluster."""


class Cloud(BaseModel):
    """The simulated Oracle's state."""

    model_config = ConfigDict(extra="forbid")

    seed: str = Field(default_factory=opaque)
    """From which the physical identifiers are derived."""
    prefix: str = Field(default_factory=lambda: opaque(4).title())
    """The tenancy's own prefix of the availability domains' names, as in `Uocm:PHX-AD-1`."""
    capacity: dict[str, int] = Field(default_factory=lambda: dict(DEFAULT_CAPACITY))
    """Hosts of each shape in one availability domain; a shape that isn't named is there without end."""
    launched: int = 0
    """How many hosts were ever launched."""
    records: dict[str, Record] = Field(default_factory=dict)
    hosts: dict[str, Host] = Field(default_factory=dict)

    def of(self, kind: str) -> Iterator[Record]:
        """All resources of a kind, as it stands in their OCIDs."""
        return (record for record in self.records.values() if record.kind == kind)

    def hosts_of(self, pool: str) -> list[Host]:
        """A pool's hosts, oldest first."""
        return sorted((host for host in self.hosts.values() if host.pool == pool), key=lambda host: host.number)


class Store:
    """The file, locked while it is changed, and replaced at once so that it is never half written."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._lock = directory / f"{FILE}.lock"

    @contextmanager
    def transaction(self) -> Iterator[Cloud]:
        """The state to read and change; kept when the block ends well, else forgotten."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            cloud = self._load() or Cloud()
            yield cloud
            self._write(cloud)
        finally:
            os.close(descriptor)

    def read(self) -> Cloud:
        """The state as it is; who reads first settles what is drawn by lot, so that all see the same."""
        cloud = self._load()
        if cloud is None:
            with self.transaction() as cloud:
                pass
        return cloud

    def _load(self) -> Cloud | None:
        try:
            return Cloud.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None

    def _write(self, cloud: Cloud) -> None:
        write_whole(self._path, cloud.model_dump_json())
