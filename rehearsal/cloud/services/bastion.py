"""Bastion: the service that leads sessions from the Internet to private addresses of a network."""

from __future__ import annotations

import re
from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context
from rehearsal.cloud.constraints import cidr, only_choice
from rehearsal.cloud.errors import invalid
from rehearsal.cloud.services.network import subnet_block, usable_addresses
from rehearsal.cloud.state import Record

BASTION = "oci:Bastion/bastion:Bastion"
SESSION = "oci:Bastion/session:Session"

SESSION_SECONDS = range(1_800, 10_801)
"""How long a session may be allowed to last: half an hour to three hours (docs.oracle.com, "Managing Bastions")."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""A bastion's name; the service takes no others (docs.oracle.com, "Creating a Bastion")."""


def _check_bastion(context: Context, bastion: Record) -> None:
    inputs = bastion.inputs
    if inputs["bastionType"].upper() != "STANDARD":
        raise only_choice("bastionType", inputs["bastionType"], ("STANDARD",))
    for block in inputs.get("clientCidrBlockAllowLists") or ():
        cidr(block)
    seconds = inputs.get("maxSessionTtlInSeconds")
    if seconds is not None and seconds not in SESSION_SECONDS:
        raise invalid(
            f"maxSessionTtlInSeconds: {seconds} is not between {SESSION_SECONDS.start} and {SESSION_SECONDS.stop - 1}"
        )
    if not NAME.fullmatch(name := inputs.get("name") or ""):
        raise invalid(f"name: {name!r} may hold letters, digits, underscores and hyphens alone")
    context.resource(inputs["targetSubnetId"])


def _compute_bastion(context: Context, bastion: Record) -> dict[str, Any]:
    subnet = context.resource(bastion.inputs["targetSubnetId"])
    return {
        "targetVcnId": subnet.inputs["vcnId"],
        "privateEndpointIpAddress": str(next(usable_addresses(subnet_block(subnet)))),
        "maxSessionsAllowed": 20,
        "maxSessionTtlInSeconds": bastion.inputs.get("maxSessionTtlInSeconds") or SESSION_SECONDS.stop - 1,
    }


BEHAVIOURS = {
    BASTION: Behaviour(kind="bastion", state="ACTIVE", check=_check_bastion, compute=_compute_bastion),
}
