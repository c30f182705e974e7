"""From a plan to the training job that the operator takes."""

from __future__ import annotations

from rackwright.sizing.cluster import DEFAULT_TEAM
from rackwright.sizing.parallelism import stage_layers
from rackwright.sizing.placement import topology_wish
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

MASTER_PORT = 29500
"""torchrun's customary rendezvous port."""


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
            args=(*_torchrun_arguments(per_host), *_megatron_arguments(plan)),
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
        f"--master-port={MASTER_PORT}",
    )


def _megatron_arguments(plan: Plan) -> tuple[str, ...]:
    """Megatron-LM's `pretrain_gpt.py` as the plan has it; the data is Megatron's mock data until one's own is named."""
    split, architecture = plan.parallelism, plan.model.architecture
    sequence = plan.request.sequence_tokens or architecture.sequence_tokens
    settings: dict[str, object] = {
        "tensor-model-parallel-size": split.tensor,
        "context-parallel-size": split.context,
        "pipeline-model-parallel-size": split.pipeline,
        "expert-model-parallel-size": split.expert,
        "expert-tensor-parallel-size": split.expert_tensor,
        "num-layers": architecture.layers,
        "hidden-size": architecture.hidden,
        "ffn-hidden-size": architecture.ffn,
        "num-attention-heads": architecture.heads,
        "num-query-groups": architecture.kv_heads,
        "seq-length": sequence,
        "max-position-embeddings": sequence,
        "micro-batch-size": split.micro_batch_sequences,
        "global-batch-size": split.batch_sequences,
        "train-iters": plan.run.steps,
        "vocab-size": architecture.vocabulary,
        "tokenizer-type": "NullTokenizer",
    }
    if split.virtual_pipeline > 1:
        settings["num-virtual-stages-per-pipeline-rank"] = split.virtual_pipeline
    switches = ["group-query-attention", "use-distributed-optimizer", "bf16", "grad-reduce-in-bf16", "mock-data"]
    if architecture.gated:
        switches.append("swiglu")
    if split.tensor > 1:
        switches.append("sequence-parallel")
    if split.recompute == "full":
        settings["recompute-granularity"] = "full"
        settings["recompute-method"] = "uniform"
    if split.recompute == "selective":
        settings["recompute-granularity"] = "selective"
    if plan.request.precision == "fp8":
        settings["fp8-format"] = "hybrid"
    stages = stage_layers(architecture.layers, split.pipeline)
    if architecture.layers % split.pipeline and (architecture.layers + 2) % split.pipeline == 0:
        switches += ["account-for-embedding-in-pipeline-split", "account-for-loss-in-pipeline-split"]
    elif architecture.layers % split.pipeline:
        settings["decoder-first-pipeline-num-layers"] = stages[0]
        settings["decoder-last-pipeline-num-layers"] = stages[-1]
    if architecture.experts is not None:
        settings["num-experts"] = architecture.experts.count
        settings["moe-router-topk"] = architecture.experts.active
        settings["moe-ffn-hidden-size"] = architecture.experts.ffn
    return (
        "/opt/megatron-lm/pretrain_gpt.py",
        *(f"--{name}={value}" for name, value in settings.items()),
        *(f"--{switch}" for switch in switches),
        *_recomputed_modules(plan),
        *_checkpoint_switches(plan),
        "--save=$(RACKWRIGHT_CHECKPOINT)",
        "--load=$(RACKWRIGHT_CHECKPOINT)",
    )


def _checkpoint_switches(plan: Plan) -> tuple[str, ...]:
    """Each byte is read back once; and written as the plan has it, while the training waits or goes on."""
    return ("--ckpt-fully-parallel-load", *(("--async-save",) if plan.storage.checkpoints == "async" else ()))


def _recomputed_modules(plan: Plan) -> tuple[str, ...]:
    """What selective recomputation runs again (Megatron-Core, `recompute_modules`), as the memory plan has it."""
    if plan.parallelism.recompute != "selective":
        return ()
    architecture = plan.model.architecture
    activation = "moe_act" if architecture.experts else "mlp"
    latent = ("mla_up_proj",) if architecture.latent_attention else ()
    return ("--recompute-modules", "layernorm", activation, *latent)
