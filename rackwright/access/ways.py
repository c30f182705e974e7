"""How to get to a cluster's API: the commands of the tunnel, and the sentence for who can't reach it."""

from __future__ import annotations

import shlex
from typing import assert_never

from rackwright.access.kubeconfig import Identity
from rackwright.specs.api_access import ApiAccess

TUNNEL_PORT = 6443
"""The port of one's own machine at which a tunnel begins, where the stack's `rackwright:tunnelPort` says no other."""

API_PORT = 6443
"""The API's, at its private address."""

SESSION_SECONDS = 10_800
"""How long a session lasts: three hours, the longest that the Bastion service allows."""

SSH_KEY = '"${SSH_KEY:-$HOME/.ssh/id_rsa}"'
"""The key of who tunnels: what the variable SSH_KEY names, else the usual RSA key; its public half lies beside it."""


def tunnel_commands(*, bastion_id: str, api_host: str, region: str, identity: Identity, port: int) -> str:
    """Two lines for a shell: the session on the bastion, and the tunnel through it, which holds until Ctrl-C.

    Forms as in oracle/oci-cli and docs.oracle.com, "Connecting to Sessions in Bastion".
    """
    create = [
        *("oci", "bastion", "session", "create-port-forwarding", "--bastion-id", bastion_id),
        *("--target-private-ip", api_host, "--target-port", str(API_PORT), "--session-ttl", str(SESSION_SECONDS)),
        *("--region", region, *identity.options(), "--wait-for-state", "SUCCEEDED"),
        *("--query", "data.resources[0].identifier", "--raw-output"),
    ]
    key = f"KEY={SSH_KEY}"
    session = f'SESSION=$({shlex.join(create)} --ssh-public-key-file "$KEY.pub")'
    tunnel = (
        f'ssh -i "$KEY" -N -L 127.0.0.1:{port}:{api_host}:{API_PORT} -o ServerAliveInterval=30 '
        f'-o ExitOnForwardFailure=yes -p 22 "$SESSION@host.bastion.{region}.oci.oraclecloud.com"'
    )
    return f"{key}; {session} && \\\n  {tunnel}"


def way_there(access: ApiAccess) -> str:
    """What to do where the API can't be reached, in the words that follow "to get there"."""
    match access.way_in:
        case "public":
            ranges = ", ".join(map(str, access.public_from))
            return f"work from one of place.network.api_access.public_from ({ranges}), or add your own range there"
        case "bastion":
            return "run what `rackwright access` prints in another terminal, and leave it open"
        case "peered":
            ranges = ", ".join(map(str, access.private_from))
            return f"work from {ranges}, and see that the gateway {access.drg_id} leads from there to the network"
        case "inside":
            ranges = ", ".join(map(str, access.private_from))
            return f"work on a host of the network with an address of {ranges}"
        case _ as never:
            assert_never(never)
