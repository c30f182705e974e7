"""The tunnel's commands, and what is said to who can't reach the API."""

from __future__ import annotations

import subprocess

import pytest

from rackwright.access import Identity, tunnel_commands, way_there
from rackwright.specs.api_access import ApiAccess

pytestmark = pytest.mark.pure

COMMANDS = tunnel_commands(
    bastion_id="ocid1.bastion.oc1.ord.aaaa",
    api_host="10.140.0.2",
    region="us-chicago-1",
    identity=Identity(profile="my profile"),
    port=7443,
)


def test_the_commands_are_two_that_a_shell_takes() -> None:
    oci = "oci() { printf 'oci:%s\\n' \"$*\" >&2; echo the-session; }"
    ssh = "ssh() { printf 'ssh:%s\\n' \"$*\"; }"
    played = f"{oci}; {ssh}; {COMMANDS}"
    done = subprocess.run(
        ["/bin/sh", "-c", played], env={"SSH_KEY": "/k/key"}, capture_output=True, text=True, check=True
    )
    assert done.stderr == (
        "oci:bastion session create-port-forwarding --bastion-id ocid1.bastion.oc1.ord.aaaa --target-private-ip "
        "10.140.0.2 --target-port 6443 --session-ttl 10800 --region us-chicago-1 --profile my profile "
        "--wait-for-state SUCCEEDED --query data.resources[0].identifier --raw-output "
        "--ssh-public-key-file /k/key.pub\n"
    )
    assert done.stdout == (
        "ssh:-i /k/key -N -L 127.0.0.1:7443:10.140.0.2:6443 -o ServerAliveInterval=30 -o ExitOnForwardFailure=yes "
        "-p 22 the-session@host.bastion.us-chicago-1.oci.oraclecloud.com\n"
    )


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ({"way_in": "public", "public_from": ["203.0.113.0/24"]}, "work from one of"),
        ({"way_in": "bastion", "public_from": ["203.0.113.0/24"]}, "`rackwright access` prints"),
        (
            {"way_in": "peered", "private_from": ["10.8.0.0/16"], "drg_id": "ocid1.drg.oc1.ord.aaaa"},
            "work from 10.8.0.0/16, and see that the gateway ocid1.drg.oc1.ord.aaaa",
        ),
        ({"way_in": "inside", "private_from": ["10.140.32.0/20"]}, "on a host of the network"),
    ],
)
def test_each_way_says_how_to_go_it(access: dict[str, object], said: str) -> None:
    assert said in way_there(ApiAccess.model_validate(access))
