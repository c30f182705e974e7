"""What must be known of a cluster to run jobs on it: the part of its spec that the operator gets.

How many hosts there are isn't in it, so that a pool can grow or shrink without a word to the operator.
"""

from __future__ import annotations

from rackwright.specs.base import DnsLabel, Spec
from rackwright.specs.fabric import Fabric
from rackwright.specs.pools import Allocatable
from rackwright.specs.queues import Queues


class GpuHosts(Spec):
    """What each host of the GPU pool is like."""

    name: DnsLabel
    """The pool's."""
    shape: str
    gpus_per_host: int
    allocatable: Allocatable


class JobCluster(Spec):
    """A cluster as its jobs see it; made by `ClusterSpec.for_jobs`."""

    fabric: Fabric
    gpu_pool: GpuHosts
    queues: Queues
