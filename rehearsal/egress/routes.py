"""Where a CONNECT target leads: the table that the process kubelet publishes, and its reading.

The table is a file, not a client of the API server's: the proxy answers as soon as its socket exists, needs no
identity, and a restarted kubelet or proxy finds what the other one left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.files import write_whole
from rehearsal.simulated import KUBELET_PORT

TABLE_NAME = "endpoints.json"
"""The table's file in the state directory."""

EVERY_HOST = f"*:{KUBELET_PORT}"
"""The target that stands for the kubelets of all hosts: one route, however many hosts come and go."""


class NoRouteError(LookupError):
    """A target that leads nowhere; the message says why, for the API server's error."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a target (`10.96.3.7:443`) stands for, and the local ports that serve it now."""

    description: str
    """The service or pod, such as `service kueue-system/kueue-webhook-service port 443`."""
    local_ports: tuple[int, ...]
    """Ports on 127.0.0.1; none while no pod behind it is ready."""
    wants_target: bool = False
    """Whether the process takes the CONNECT request itself, since it stands for many hosts and must know which."""


def resolve(table: Mapping[str, Route], target: str) -> Route:
    """The route of a target `host:port`, with at least one local port; a host's kubelet where nothing else is meant."""
    route = table.get(target)
    if route is None and target.endswith(f":{KUBELET_PORT}"):
        route = table.get(EVERY_HOST)
    if route is None:
        raise NoRouteError(f"no service or pod of the rehearsal has the address {target}")
    if not route.local_ports:
        raise NoRouteError(f"{route.description} ({target}) has no ready pod that runs as a local process")
    return route


def read(path: Path) -> dict[str, Route]:
    """The published table; empty before the process kubelet published one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {
        target: Route(
            description=entry["description"],
            local_ports=tuple(entry["local_ports"]),
            wants_target=entry.get("wants_target", False),
        )
        for target, entry in document.items()
    }


def write(path: Path, table: Mapping[str, Route]) -> None:
    """Publish a table; readers see the old one or the new one, never a part."""
    document = {
        target: {
            "description": route.description,
            "local_ports": list(route.local_ports),
            "wants_target": route.wants_target,
        }
        for target, route in sorted(table.items())
    }
    write_whole(path, json.dumps(document, indent=1) + "\n")
