"""A training job's JobSet: the gang's pods with what they need of the cluster's hosts, fabric and queues."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rackwright.catalog import HOSTS
from rackwright.rendering.templates import render
from rackwright.specs.job_cluster import JobCluster
from rackwright.specs.kubernetes_names import (
    API_VERSION,
    GPU_RESOURCE,
    GPU_TAINT_KEY,
    JOB_LABEL,
    PRIORITY_LABEL,
    QUEUE_LABEL,
    RANK_LABEL,
    RDMA_NETWORK,
    RDMA_RESOURCE,
    TEMPLATE_ANNOTATION,
)
from rackwright.specs.training_job import KIND, TrainingJob, TrainingJobSpec
from rackwright.specs.training_job_rules import FROZEN_FIELDS

RENDEZVOUS_PORT = 29500
"""PyTorch's default port for MASTER_PORT."""


def jobset(job: TrainingJob, cluster: JobCluster, *, uid: str) -> dict[str, Any]:
    """The JobSet of `job`, owned by the TrainingJob of that `uid`.

    Raise `KeyError` for a topology wish that names no level of the cluster's fabric.
    """
    spec, name = job.spec, job.metadata.name
    labels = {JOB_LABEL: name, QUEUE_LABEL: spec.queue}
    if spec.priority is not None:
        labels[PRIORITY_LABEL] = spec.priority
    checkpoint = spec.checkpoint
    (rendered,) = render(
        "jobs/jobset.yaml.j2",
        name=name,
        namespace=job.metadata.namespace,
        labels=labels,
        annotations={TEMPLATE_ANNOTATION: template_sha256(spec)},
        owner={"api_version": API_VERSION, "kind": KIND, "uid": uid},
        max_restarts=spec.failure_policy.max_restarts,
        hosts=spec.hosts,
        pod_labels={JOB_LABEL: name},
        pod_annotations=pod_annotations(spec, cluster),
        image=spec.image,
        command=spec.command,
        args=spec.args,
        env=environment(job, cluster),
        resources=resources(spec, cluster),
        gpu_taint_key=GPU_TAINT_KEY,
        claim=checkpoint.claim if checkpoint else None,
        checkpoint_path=checkpoint.path if checkpoint else None,
    )
    return rendered


def template_sha256(spec: TrainingJobSpec) -> str:
    """A digest of what the pods are made of.

    Of the job's own fields, not of the rendered object, so that a newer operator leaves running gangs alone.
    """
    written = spec.written()
    frozen = {field.name: written.get(field.name) for field in FROZEN_FIELDS}
    return hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()


def resources(spec: TrainingJobSpec, cluster: JobCluster) -> dict[str, str | int]:
    """What each pod asks for: a whole host, or the part of it that goes with its GPUs."""
    pool = cluster.gpu_pool
    gpus = min(spec.gpus, spec.gpus_per_host)
    there = pool.allocatable

    def share(amount: int) -> int:
        return amount * gpus // pool.gpus_per_host

    asked: dict[str, str | int] = {
        "cpu": share(there.cpu),
        "memory": f"{share(there.memory_gib)}Gi",
        GPU_RESOURCE: gpus,
    }
    if share(there.rdma_interfaces):
        asked[RDMA_RESOURCE] = share(there.rdma_interfaces)
    return asked


def pod_annotations(spec: TrainingJobSpec, cluster: JobCluster) -> dict[str, str]:
    """Where Kueue shall place the gang, which networks the pods join, and leave to delete pods of dead hosts."""
    wish = spec.topology
    annotations = {"kueue.x-k8s.io/safe-to-forcefully-delete": "true"}
    if wish.required is not None:
        annotations["kueue.x-k8s.io/podset-required-topology"] = cluster.fabric.level(wish.required).node_label
    preferred = wish.preferred or (None if wish.required else default_preference(cluster))
    if preferred is not None:
        annotations["kueue.x-k8s.io/podset-preferred-topology"] = cluster.fabric.level(preferred).node_label
    if wish.slice is not None:
        level = cluster.fabric.level(wish.slice.level)
        annotations["kueue.x-k8s.io/podset-slice-required-topology"] = level.node_label
        annotations["kueue.x-k8s.io/podset-slice-size"] = str(wish.slice.hosts)
    interfaces = int(resources(spec, cluster).get(RDMA_RESOURCE, 0))
    if interfaces:
        annotations["k8s.v1.cni.cncf.io/networks"] = ",".join([f"default/{RDMA_NETWORK}"] * interfaces)
    return annotations


def default_preference(cluster: JobCluster) -> str:
    """The level at which a gang without a wish prefers to stand together: the closest above the host.

    Kueue goes up level by level where one domain is too small. A gang without any annotation would be spread over
    whatever is free, and Kueue 0.15.0 was seen to leave one pending that it had placed anew.
    """
    levels = cluster.fabric.levels
    return levels[max(0, len(levels) - 2)].name


def nccl_environment(shape: str) -> dict[str, str]:
    """What NCCL is told on hosts of that shape; nothing where the catalogue doesn't know."""
    host = HOSTS.entries.get(shape)
    return host.nccl.environment if host and host.nccl else {}


def environment(job: TrainingJob, cluster: JobCluster) -> list[dict[str, Any]]:
    """The container's environment: the fabric's, the gang's, the checkpoint's, and over all of them the job's own."""
    spec, name = job.spec, job.metadata.name
    values: dict[str, str] = {}
    if resources(spec, cluster).get(RDMA_RESOURCE):
        values |= nccl_environment(cluster.gpu_pool.shape)
    values |= {
        "MASTER_ADDR": f"{name}-workers-0-0.{name}",  # JobSet: <jobset>-<group>-<job>-<pod>.<jobset>
        "MASTER_PORT": str(RENDEZVOUS_PORT),
        "NNODES": str(spec.hosts),
        "NPROC_PER_NODE": str(min(spec.gpus, spec.gpus_per_host)),
        "WORLD_SIZE": str(spec.gpus),
        "RACKWRIGHT_JOB": name,
    }
    if spec.checkpoint is not None:
        values["RACKWRIGHT_CHECKPOINT"] = spec.checkpoint.bucket or spec.checkpoint.path
        values["RACKWRIGHT_CHECKPOINT_INTERVAL_S"] = str(spec.checkpoint.interval_seconds)
    if spec.parallelism is not None:
        for degree, size in spec.parallelism.model_dump().items():
            values[f"RACKWRIGHT_{degree.upper()}_PARALLEL"] = str(size)
    fields = {
        "NODE_RANK": f"metadata.labels['{RANK_LABEL}']",
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
    }
    own = {variable.name: variable.value for variable in spec.env}
    entries: dict[str, dict[str, Any]] = {
        **{key: {"valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in fields.items()},
        **{key: {"value": value} for key, value in {**values, **own}.items()},
    }
    return [{"name": key, **entry} for key, entry in entries.items()]
