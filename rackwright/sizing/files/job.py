"""From a plan to the training job that the operator takes."""

from __future__ import annotations

from rackwright.sizing.files.cluster import DEFAULT_TEAM
from rackwright.sizing.files.placement import topology_wish
from rackwright.sizing.files.training_arguments import megatron_arguments
from rackwright.specs.plan import Plan
from rackwright.specs.training_job import (
    Checkpoint,
    Expected,
    Metadata,
    Parallelism,
    TrainingJob,
    TrainingJobSpec,
)

DEFAULT_IMAGE = "nvcr.io/nvidia/nemo:25.04"
"""NVIDIA's container with Megatron-LM; the release that the fitted benchmarks (v25.04) ran with."""

DEFAULT_PRIORITY = "normal"


def training_job(
    plan: Plan,
    *,
    name: str | None = None,
    team: str = DEFAULT_TEAM,
    image: str = DEFAULT_IMAGE,
    checkpoint_bucket: str | None = None,
    checkpoint_claim: str | None = None,
) -> TrainingJob:
    """The job of a plan. Without a bucket or claim, checkpoints go to a bucket named after the request."""
    name = name or plan.request.name
    if checkpoint_bucket is None and checkpoint_claim is None:
        checkpoint_bucket = f"oci://{plan.request.name}-checkpoints/{name}"
    split = plan.parallelism
    gpus = plan.hosts.training_gpus
    per_host = min(gpus, plan.hosts.gpus_per_host)
    group_gpus = max(split.tensor * split.context, split.expert * split.expert_tensor)
    whole_groups = group_gpus % per_host == 0 and gpus % group_gpus == 0
    return TrainingJob(
        metadata=Metadata(name=name, namespace=team),
        spec=TrainingJobSpec(
            image=image,
            command=("torchrun",),
            args=(*_torchrun_arguments(per_host), *megatron_arguments(plan)),
            gpus=gpus,
            gpus_per_host=plan.hosts.gpus_per_host,
            parallelism=Parallelism(
                tensor=split.tensor,
                context=split.context,
                pipeline=split.pipeline,
                virtual_pipeline=split.virtual_pipeline,
                expert=split.expert,
                data=split.data,
            ),
            priority=DEFAULT_PRIORITY,
            topology=topology_wish(
                levels=plan.fabric.levels,
                cluster_hosts=plan.hosts.hosts,
                job_hosts=max(1, gpus // plan.hosts.gpus_per_host),
                group_hosts=group_gpus // per_host if whole_groups else 1,
                losses=plan.hosts.spares,
            ),
            checkpoint=Checkpoint(
                bucket=checkpoint_bucket,
                claim=checkpoint_claim,
                interval_seconds=max(1, round(plan.reliability.checkpoint_interval_s.expected)),
            ),
            expected=Expected(
                steps=plan.run.steps,
                step_seconds=round(plan.step.step_s.expected, 3),
                tokens_per_step=plan.run.tokens_per_step,
            ),
        ),
    )


def _torchrun_arguments(gpus_per_host: int) -> tuple[str, ...]:
    """Where the ranks meet; the operator sets the variables on every pod."""
    return (
        "--nnodes=$(NNODES)",
        f"--nproc-per-node={gpus_per_host}",
        "--node-rank=$(NODE_RANK)",
        "--master-addr=$(MASTER_ADDR)",
        "--master-port=$(MASTER_PORT)",
    )
