"""The way to a cluster's API for who works with it: its kubeconfig, the tunnel's commands, and whether it answers."""

from rackwright.access.kubeconfig import Identity, for_tunnel, server, with_identity
from rackwright.access.reaching import unreachable
from rackwright.access.ways import TUNNEL_PORT, tunnel_commands, way_there

__all__ = [
    "TUNNEL_PORT",
    "Identity",
    "for_tunnel",
    "server",
    "tunnel_commands",
    "unreachable",
    "way_there",
    "with_identity",
]
