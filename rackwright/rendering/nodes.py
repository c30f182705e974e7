"""What hosts carry as Kubernetes nodes, and what a GPU host of Oracle's does at its first boot to become one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import yaml

from rackwright.rendering.templates import render, templates_directory
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.fabric import Fabric
from rackwright.specs.kubernetes_names import GPU_TAINT_KEY, HOSTNAME_LABEL, POOL_LABEL, UNPLACED_TAINT_KEY
from rackwright.specs.pools import GpuPool, Pool

GPU_TAINT = f"{GPU_TAINT_KEY}=present:NoSchedule"
UNPLACED_TAINT = f"{UNPLACED_TAINT_KEY}=missing:NoSchedule"
"""Taints as kubelets take them."""

IMDS_KEYS = {
    "oci.oraclecloud.com/rdma.hpc_island_id": "customerHPCIslandId",
    "oci.oraclecloud.com/rdma.network_block_id": "customerNetworkBlock",
    "oci.oraclecloud.com/rdma.local_block_id": "customerLocalBlock",
}
"""By node label: where Oracle's instance metadata (`rdmaTopologyData`) tells its value.

Labels as Oracle's own labeller sets them: oracle-quickstart/oci-hpc-oke, docs/oci-hpc-oke-utils.md."""

HOST_ID = ("customerHostId", "oci.oraclecloud.com/rdma.host_id")
"""The physical machine: no level of the fabric, but what Oracle's support asks for."""

NODE_DOCUMENT_PATH = "/etc/rackwright/node.json"
JOIN_SCRIPT_PATH = "/etc/rackwright/join.py"

MAX_USER_DATA_BYTES = 32_000
"""Oracle's limit for all of an instance's metadata, in bytes (Compute API, LaunchInstanceDetails.metadata)."""


def pool_labels(pool: Pool) -> dict[str, str]:
    """What every host of a pool carries."""
    return {POOL_LABEL: pool.name}


def node_document(pool: GpuPool, fabric: Fabric) -> dict[str, Any]:
    """What a GPU host reads when it joins: its labels, its taints, and which metadata gives which topology label.

    Raise `SpecError` for a level of the fabric that Oracle's hosts know nothing of.
    """
    return {
        "labels": pool_labels(pool),
        "taints": [GPU_TAINT],
        "unplaced_taints": [UNPLACED_TAINT],
        "topology": topology_sources(fabric),
    }


def topology_sources(fabric: Fabric) -> dict[str, str]:
    """The node label of each level by the metadata key that tells its value; the host itself is the kubelet's to name.

    Raise `SpecError` for a level that Oracle's hosts know nothing of.
    """
    labels = [level.node_label for level in fabric.levels if level.node_label != HOSTNAME_LABEL]
    problems = [
        Problem(
            field=f"fabric.levels.{index}.node_label",
            value=repr(label),
            expected=f"one of {', '.join([*IMDS_KEYS, HOSTNAME_LABEL])}",
            remedy="use a label that Oracle's instance metadata has a value for",
        )
        for index, label in enumerate(labels)
        if label not in IMDS_KEYS
    ]
    if problems:
        raise SpecError("the cluster's spec", problems)
    return {**{IMDS_KEYS[label]: label for label in labels}, **dict([HOST_ID])}


def user_data(node: Mapping[str, Any], *, kubernetes_version: str, api_host: str, ca_base64: str) -> str:
    """The cloud-init document of the GPU hosts in base64, as instance metadata wants it.

    `node` is what `node_document` gives, `api_host` the address of the Kubernetes API without port, `ca_base64` its
    certificate authority (PEM in base64). Nothing in it depends on the number of hosts, so resizing a pool leaves the
    hosts' configuration alone.
    """
    [document] = render(
        "nodes/cloud-init.yaml.j2",
        api_host=api_host,
        ca_base64=ca_base64,
        node_document_path=NODE_DOCUMENT_PATH,
        node_document=json.dumps(node, indent=1),
        join_script_path=JOIN_SCRIPT_PATH,
        join_script=(templates_directory() / "nodes" / "join.py").read_text(encoding="utf-8"),
        kubernetes_version=kubernetes_version,
    )
    text = "#cloud-config\n" + yaml.safe_dump(document, sort_keys=False, width=120)
    return base64.b64encode(text.encode()).decode()
