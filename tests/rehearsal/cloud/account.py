"""Short ways to make resources in a simulated Oracle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.cloud.oracle import Oracle
from rehearsal.cloud.regions import Region
from rehearsal.cloud.state import Store
from rehearsal.state import StateDirectory

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaabbbb"
TENANCY = "ocid1.tenancy.oc1..aaaaaaaacccc"
IMAGE = "ocid1.image.oc1.us-chicago-1.aaaaaaaadddd"
VERSION = "v1.36.3"


@dataclass(frozen=True)
class Account:
    """Makes resources in a simulated Oracle by short names."""

    oracle: Oracle

    def make(self, token: str, **inputs: object) -> str:
        """Make a resource of any type and return its id."""
        return self.oracle.create(token, {"compartmentId": COMPARTMENT, **inputs})[0]

    def vcn(self, *blocks: str, **inputs: object) -> str:
        """Make a network."""
        return self.make("oci:Core/vcn:Vcn", cidrBlocks=list(blocks or ("10.140.0.0/16",)), **inputs)

    def subnet(self, vcn: str, block: str = "10.140.0.0/19", **inputs: object) -> str:
        """Make a subnet."""
        return self.make("oci:Core/subnet:Subnet", vcnId=vcn, cidrBlock=block, **inputs)

    def configuration(self, *, shape: str = "BM.GPU.H100.8", metadata: dict[str, str] | None = None) -> str:
        """Make an instance configuration."""
        launch = {"shape": shape, "metadata": metadata or {}}
        details = {"instanceType": "compute", "launchDetails": launch}
        return self.make("oci:Core/instanceConfiguration:InstanceConfiguration", instanceDetails=details)

    def cluster_network(self, configuration: str, subnet: str, *, hosts: int) -> str:
        """Make a cluster network."""
        return self.make(
            "oci:Core/clusterNetwork:ClusterNetwork", **cluster_network_inputs(self, configuration, subnet, hosts)
        )

    def resize(self, network: str, configuration: str, subnet: str, *, hosts: int) -> dict[str, Any]:
        """Give a cluster network another size."""
        inputs = {"compartmentId": COMPARTMENT, **cluster_network_inputs(self, configuration, subnet, hosts)}
        return self.oracle.update("oci:Core/clusterNetwork:ClusterNetwork", network, inputs)

    def cluster(self, vcn: str, **inputs: object) -> str:
        """Make a cluster."""
        given = {"vcnId": vcn, "kubernetesVersion": VERSION, "name": "c", **inputs}
        return self.make("oci:ContainerEngine/cluster:Cluster", **given)

    def domain(self) -> str:
        """The first availability domain."""
        return self.oracle.context().availability_domains()[0]

    def outputs(self, identifier: str) -> dict[str, Any]:
        """The outputs of a resource that there is."""
        found = self.oracle.read(identifier)
        assert found is not None
        return found[1]

    def left(self) -> int:
        """How many resources and hosts there are."""
        cloud = Store(self.oracle.directory).read()
        return len(cloud.records) + len(cloud.hosts)


def cluster_network_inputs(account: Account, configuration: str, subnet: str, hosts: int) -> dict[str, Any]:
    return {
        "instancePools": [{"instanceConfigurationId": configuration, "size": hosts}],
        "placementConfiguration": {"availabilityDomain": account.domain(), "primarySubnetId": subnet},
    }


def account_in(directory: Path) -> Account:
    StateDirectory(directory).describe(
        server="https://127.0.0.1:6443",
        endpoint="https://127.0.0.1:16443",
        service_cidr="10.96.0.0/16",
        kubernetes_version=VERSION,
    )
    return Account(Oracle(directory=directory, region=Region("us-chicago-1"), tenancy=TENANCY))
