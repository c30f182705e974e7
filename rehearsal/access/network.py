"""What the simulated network lets through now, from where the rehearsal is played."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from rehearsal.cloud import control_plane, reach
from rehearsal.cloud.behaviours import Context
from rehearsal.cloud.oracle import Oracle
from rehearsal.cloud.regions import Region
from rehearsal.cloud.state import Record, Store


def context(directory: Path) -> Context:
    """The simulated Oracle of the region in which there is a cluster."""
    regions = {record.region for record in Store(directory).read().of("cluster")}
    region = Region(next(iter(regions))) if regions else Region("us-chicago-1")
    return Oracle(directory=directory, region=region).context()


def cluster(now: Context) -> Record | None:
    """The simulated region's one cluster."""
    return next(now.cloud.of("cluster"), None)


def endpoint_refusal(directory: Path) -> str | None:
    """Why the cluster's endpoint doesn't answer; None when it does."""
    now = context(directory)
    there = cluster(now)
    if there is None:
        return "there is no cluster"
    return reach.refusal(now, there, reach.position(directory))


def session_refusal(directory: Path, session: str) -> str | None:
    """Why a session of a bastion leads nowhere; None when it leads to the cluster's API."""
    now = context(directory)
    there, record = cluster(now), now.cloud.records.get(session)
    if there is None or record is None:
        return "there is no such session or no cluster"
    bastion = now.resource(record.inputs["bastionId"])
    return reach.bastion_refusal(now, bastion, there, reach.position(directory))


def api_server_port(directory: Path) -> int:
    """Where the real API server listens."""
    port = urlsplit(control_plane.find(directory).server).port
    if port is None:
        raise ValueError(f"the server of {directory} has no port")
    return port


def endpoint_port(directory: Path) -> int:
    """Where its endpoint, as the simulated network shows it, is to listen."""
    port = urlsplit(control_plane.find(directory).endpoint).port
    if port is None:
        raise ValueError(f"the endpoint of {directory} has no port")
    return port
