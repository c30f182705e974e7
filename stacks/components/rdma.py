"""The addresses of the RDMA interfaces, on a cluster that NVIDIA's network operator runs on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from rackwright.rendering.rdma import rdma_objects
from rackwright.specs import ClusterSpec
from stacks.components.objects import declare_objects


@dataclass(frozen=True, kw_only=True)
class RdmaArgs:
    """What the pool is made from."""

    spec: ClusterSpec


class Rdma(pulumi.ComponentResource):
    """The pool of nv-ipam."""

    def __init__(self, name: str, args: RdmaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:rdma:Rdma", name, {}, opts)
        declare_objects(rdma_objects(args.spec), parent=self)
        self.register_outputs({})
