"""The arguments of Megatron-LM's `pretrain_gpt.py` that run what a plan has computed.

Whatever the plan's time and memory rest on is asked for: splits, recomputation, overlaps, the widths of gradients. The
data is Megatron's mock data until one's own is named. Names and meanings: NVIDIA/Megatron-LM, training/arguments.py and
core/transformer/transformer_config.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from rackwright.catalog import SOFTWARE
from rackwright.sizing.step import parameters
from rackwright.sizing.step.parallelism import stage_layers
from rackwright.specs.architecture import Architecture
from rackwright.specs.plan import Plan

LEARNING_RATES = ((100e9, 8e-5), (30e9, 1.5e-4), (0, 3e-4))
"""Peak learning rate from so many parameters on: those of Llama 3 405B, 70B and 8B (arXiv 2407.21783, table 3)."""

BALANCING_LOSS = 1e-2
"""Weight of the loss that keeps experts evenly used (Switch Transformer, arXiv 2101.03961, section 2.2)."""


def megatron_arguments(plan: Plan) -> tuple[str, ...]:
    """The program and all of its arguments."""
    return (
        "/opt/megatron-lm/pretrain_gpt.py",
        *_splits(plan),
        *_model(plan.model.architecture),
        *_attention(plan.model.architecture),
        *_experts(plan.model.architecture),
        *_dispatcher(plan),
        *_sharing(plan),
        *_memory(plan),
        *_run(plan),
        "--save=$(RACKWRIGHT_CHECKPOINT)",
        "--load=$(RACKWRIGHT_CHECKPOINT)",
    )


def _splits(plan: Plan) -> Iterator[str]:
    split, layers = plan.parallelism, plan.model.architecture.layers
    yield f"--tensor-model-parallel-size={split.tensor}"
    yield f"--context-parallel-size={split.context}"
    yield f"--pipeline-model-parallel-size={split.pipeline}"
    yield f"--expert-model-parallel-size={split.expert}"
    yield f"--expert-tensor-parallel-size={split.expert_tensor}"
    if split.tensor > 1:
        yield "--sequence-parallel"
        yield "--tp-comm-overlap"
    if split.virtual_pipeline > 1:
        yield f"--num-virtual-stages-per-pipeline-rank={split.virtual_pipeline}"
    if layers % split.pipeline and (layers + 2) % split.pipeline == 0:
        yield "--account-for-embedding-in-pipeline-split"
        yield "--account-for-loss-in-pipeline-split"
    elif layers % split.pipeline:
        first, *_, last = stage_layers(layers, split.pipeline)
        yield f"--decoder-first-pipeline-num-layers={first}"
        yield f"--decoder-last-pipeline-num-layers={last}"


def _model(architecture: Architecture) -> Iterator[str]:
    yield f"--num-layers={architecture.layers}"
    yield f"--hidden-size={architecture.hidden}"
    yield f"--ffn-hidden-size={architecture.ffn}"
    yield f"--vocab-size={architecture.vocabulary}"
    yield f"--normalization={'LayerNorm' if architecture.norm_biases else 'RMSNorm'}"
    yield f"--position-embedding-type={'learned_absolute' if architecture.learned_positions else 'rope'}"
    if architecture.gated:
        yield "--swiglu"
    if not architecture.biases:
        yield "--disable-bias-linear"
    if not architecture.tied_embeddings:
        yield "--untie-embeddings-and-output-weights"
    if architecture.prediction_layers:
        yield f"--mtp-num-layers={architecture.prediction_layers}"


def _attention(architecture: Architecture) -> Iterator[str]:
    latent, window = architecture.latent_attention, architecture.window
    yield f"--num-attention-heads={architecture.heads}"
    if latent is not None:
        yield "--multi-latent-attention"
        yield f"--q-lora-rank={latent.query_rank}"
        yield f"--kv-lora-rank={latent.key_value_rank}"
        yield f"--qk-head-dim={latent.nope_head}"
        yield f"--qk-pos-emb-head-dim={latent.rope_head}"
        yield f"--v-head-dim={latent.value_head}"
    elif architecture.kv_heads < architecture.heads:
        yield "--group-query-attention"
        yield f"--num-query-groups={architecture.kv_heads}"
    if latent is None and architecture.head_width:
        yield f"--kv-channels={architecture.head_width}"
    if architecture.query_key_norms or latent is not None:
        yield "--qk-layernorm"
    if architecture.attention_biases and not architecture.biases:
        yield "--add-qkv-bias"
    if architecture.attention_sinks:
        yield "--softmax-type=learnable"
    if window is not None:
        yield f"--window-size={window.tokens - 1},0"
        if window.full_every:
            yield f"--window-attn-skip-freq={window.full_every}"


def _experts(architecture: Architecture) -> Iterator[str]:
    experts = architecture.experts
    if experts is None:
        return
    yield f"--num-experts={experts.count}"
    yield f"--moe-router-topk={experts.active}"
    yield f"--moe-ffn-hidden-size={experts.ffn}"
    yield "--moe-grouped-gemm"
    yield f"--moe-aux-loss-coeff={BALANCING_LOSS:g}"
    if experts.shared:
        yield f"--moe-shared-expert-intermediate-size={experts.shared_width}"
    if architecture.expert_layers < architecture.layers:
        places = (int(architecture.kind(layer).experts) for layer in range(architecture.layers))
        yield f"--moe-layer-freq=[{','.join(map(str, places))}]"
    if experts.groups > 1:
        yield f"--moe-router-num-groups={experts.groups}"
        yield f"--moe-router-group-topk={experts.active_groups}"


def _dispatcher(plan: Plan) -> Iterator[str]:
    """How copies of tokens reach their experts; with DeepEP, one copy serves all experts on a host."""
    if plan.model.architecture.experts is None:
        return
    if SOFTWARE.entries[plan.request.software].expert_copies_merged:
        yield "--moe-token-dispatcher-type=flex"
        yield "--moe-flex-dispatcher-backend=deepep"
    else:
        yield "--moe-token-dispatcher-type=alltoall"


def _sharing(plan: Plan) -> Iterator[str]:
    """How data ranks share the training's state, and what of it hides behind the work."""
    split = plan.parallelism
    yield "--overlap-grad-reduce"
    yield "--overlap-param-gather"
    yield "--use-distributed-optimizer"
    if SOFTWARE.entries[plan.request.software].fully_sharded:
        yield "--use-megatron-fsdp"
        yield "--data-parallel-sharding-strategy=optim_grads_params"
        yield "--no-gradient-accumulation-fusion"
        yield "--ckpt-format=fsdp_dtensor"
        groups = split.data * split.context // split.parameter_shards
        if groups > 1:
            yield f"--num-distributed-optimizer-instances={groups}"


def _memory(plan: Plan) -> Iterator[str]:
    """Number formats, and what is computed again, as the memory plan has them."""
    architecture, recompute = plan.model.architecture, plan.parallelism.recompute
    yield "--bf16"
    if SOFTWARE.entries[plan.request.software].gradient_bytes == 2:  # noqa: PLR2004  # the width of BF16
        yield "--grad-reduce-in-bf16"
    if plan.request.precision == "fp8":
        yield "--fp8-format=hybrid"
    yield "--cross-entropy-loss-fusion"
    if recompute == "full":
        yield "--recompute-granularity=full"
        yield "--recompute-method=uniform"
        yield "--recompute-num-layers=1"
    if recompute == "selective":
        yield "--recompute-granularity=selective"
        latent = ("mla_up_proj",) if architecture.latent_attention else ()
        yield from ("--recompute-modules", "layernorm", "moe_act" if architecture.experts else "mlp", *latent)


def _run(plan: Plan) -> Iterator[str]:
    split = plan.parallelism
    sequence = plan.request.sequence_tokens or plan.model.architecture.sequence_tokens
    total = parameters.total(plan.model.architecture)
    yield f"--seq-length={sequence}"
    yield f"--max-position-embeddings={sequence}"
    yield f"--micro-batch-size={split.micro_batch_sequences}"
    yield f"--global-batch-size={split.batch_sequences}"
    yield f"--train-iters={plan.run.steps}"
    yield f"--lr={next(rate for least, rate in LEARNING_RATES if total >= least):g}"
    yield "--tokenizer-type=NullTokenizer"
    yield "--mock-data"
    # Each byte is read back once; and written as the plan has it, while the training waits or goes on.
    yield "--ckpt-fully-parallel-load"
    if plan.storage.checkpoints == "async":
        yield "--async-save"
