"""From a plan to the cluster spec that the Pulumi programs take."""

from __future__ import annotations

from rackwright.catalog import HOSTS, PLACES
from rackwright.sizing.files import addresses
from rackwright.specs import versions
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.cluster import ClusterSpec
from rackwright.specs.fabric import Fabric
from rackwright.specs.places import ExistingPlace, FlexibleShape, OracleAccount, OraclePlace
from rackwright.specs.plan import Plan
from rackwright.specs.platform import JobSet, Kueue, Platform
from rackwright.specs.pools import GpuPool, SystemPool
from rackwright.specs.queues import Priority, Queues, Team

DEFAULT_TEAM = "research"
"""The one team that a new cluster has; teams are added by editing cluster.yaml."""

PRIORITIES = (Priority(name="low", value=100), Priority(name="normal", value=1000), Priority(name="high", value=10000))
"""Priorities of a new cluster, far enough apart to put others between."""

SYSTEM_HOSTS = 3
"""Hosts of the system pool: one may fail while another is drained."""

SMALL_CLUSTER_HOSTS = 1000
"""Hosts up to which the small system pool suffices; at 12,500 Kueue alone takes 1.1 GB (measured)."""

CLIENT_QPS_PER_HOST = 0.1
"""Requests a second that the clients of Kueue and JobSet get for each host, so that a whole gang is placed and ungated
in seconds. Assumed. The operator asks no more than a few requests for each job, and has no limit of its own."""

MIN_CLIENT_QPS = 500
MAX_CLIENT_QPS = 2000
"""Requests a second: below, small gangs wait; above, the API server is the limit (measured at 12,500 hosts)."""


def cluster_spec(
    plan: Plan,
    *,
    place: OracleAccount | ExistingPlace,
    api_access: ApiAccess | None = None,
    name: str | None = None,
    team: str = DEFAULT_TEAM,
) -> ClusterSpec:
    """The cluster of a plan, with quotas equal to what its hosts without spares can give.

    `api_access` is the way to the API of a cluster at Oracle, which nobody but its owner can choose; elsewhere the
    API is there. Raises pydantic's ValidationError for values that a cluster spec refuses.
    """
    hosts = plan.hosts.hosts + SYSTEM_HOSTS
    pods_per_host = addresses.pods_per_host(hosts)
    name = name or plan.request.name
    shape = HOSTS.entries[plan.hosts.shape]
    pool = GpuPool(
        name=_gpu_pool_name(plan.hosts.gpu),
        shape=plan.hosts.shape,
        hosts=plan.hosts.hosts,
        pods_per_host=pods_per_host,
        boot_volume_gb=500,
        allocatable=shape.jobs_may_use,
        gpu=plan.hosts.gpu,
        gpus_per_host=plan.hosts.gpus_per_host,
        spares=plan.hosts.spares,
    )
    return ClusterSpec(
        name=name,
        place=(
            _rented(place, plan=plan, pods=hosts * pods_per_host, api_access=api_access)
            if isinstance(place, OracleAccount)
            else place
        ),
        kubernetes_version=versions.KUBERNETES,
        fabric=Fabric(
            levels=plan.fabric.levels,
            rails=shape.rails,
            ports_per_host=shape.ports_per_host,
            port_bandwidth_gbit_s=shape.port_bandwidth_gbit_s.expected,
        ),
        rdma=addresses.rdma_addresses(hosts=plan.hosts.hosts, interfaces=shape.jobs_may_use.rdma_interfaces),
        system_pool=SystemPool(name="system", hosts=SYSTEM_HOSTS, pods_per_host=pods_per_host),
        gpu_pools=(pool,),
        platform=_platform(plan),
        queues=Queues(
            cohort=name,
            teams=(Team(name=team, gpus=pool.schedulable_gpus()),),
            priorities=PRIORITIES,
        ),
    )


def _gpu_pool_name(gpu: str) -> str:
    """The GPU's first word: `h100-sxm-80gb` becomes `h100`."""
    return gpu.split("-", maxsplit=1)[0]


def _rented(account: OracleAccount, *, plan: Plan, pods: int, api_access: ApiAccess | None) -> OraclePlace:
    """The account with what is made in it for the plan's hosts."""
    if api_access is None:
        raise ValueError("a cluster at Oracle needs api_access: the way to its API is for its owner to choose")
    ocpus, memory_gb = (8, 64) if plan.hosts.hosts <= SMALL_CLUSTER_HOSTS else (16, 128)
    shape = PLACES.entries[plan.request.place].system_shape
    return OraclePlace(
        **account.model_dump(),
        system_shape=FlexibleShape(name=shape, ocpus=ocpus, memory_gb=memory_gb),
        network=addresses.network(hosts=plan.hosts.hosts + SYSTEM_HOSTS, pods=pods, api_access=api_access),
    )


def _platform(plan: Plan) -> Platform:
    qps = min(MAX_CLIENT_QPS, max(MIN_CLIENT_QPS, round(plan.hosts.hosts * CLIENT_QPS_PER_HOST)))
    return Platform(
        kueue=Kueue(client_qps=qps, client_burst=2 * qps), jobset=JobSet(client_qps=qps, client_burst=2 * qps)
    )
