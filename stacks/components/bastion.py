"""Oracle's Bastion service: the way from the Internet to the API's private address, session by session."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from rackwright.access.ways import SESSION_SECONDS
from rackwright.specs.api_access import ApiAccess
from stacks.components.network import Network


@dataclass(frozen=True, kw_only=True)
class BastionArgs:
    """What a bastion is made from."""

    access: ApiAccess
    compartment_id: str
    network: Network
    tags: dict[str, str]


class Bastion(pulumi.ComponentResource):
    """A bastion with its foot in the network's subnet for it; who may open sessions is IAM's to say."""

    bastion_id: pulumi.Output[str]

    def __init__(self, name: str, args: BastionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:bastion:Bastion", name, {}, opts)
        bastion = oci.bastion.Bastion(
            name,
            name=name,
            bastion_type="STANDARD",
            compartment_id=args.compartment_id,
            target_subnet_id=args.network.subnet_ids["bastion"],
            client_cidr_block_allow_lists=[str(block) for block in args.access.public_from],
            max_session_ttl_in_seconds=SESSION_SECONDS,
            freeform_tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bastion_id = bastion.id
        self.register_outputs({"bastion_id": self.bastion_id})
