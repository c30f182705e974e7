"""What a plan tells Megatron-LM to do."""

from __future__ import annotations

import pytest

from rackwright.sizing.files.training_arguments import megatron_arguments
from rackwright.specs.plan import Plan
from tests.rackwright.sizing import plans

pytestmark = pytest.mark.pure


def planned(model: str, gpus: int = 512, **fields: object) -> Plan:
    """A plan for a model."""
    return plans.planned(model=model, gpus=gpus, **fields)


def arguments(model: str, gpus: int = 512, **fields: object) -> set[str]:
    """The arguments of a model's plan."""
    return set(megatron_arguments(planned(model, gpus, **fields)))


def test_the_split_is_the_plans() -> None:
    sized = planned("llama-3.1-405b", parallelism={"tensor": 8, "pipeline": 16})
    split = sized.parallelism
    given = set(megatron_arguments(sized))
    assert {
        "--tensor-model-parallel-size=8",
        "--pipeline-model-parallel-size=16",
        "--sequence-parallel",
        "--account-for-embedding-in-pipeline-split",
        f"--micro-batch-size={split.micro_batch_sequences}",
        f"--global-batch-size={split.batch_sequences}",
        f"--train-iters={sized.run.steps}",
    } <= given


@pytest.mark.parametrize(
    ("software", "dispatcher"),
    [
        ("megatron", {"--moe-token-dispatcher-type=alltoall"}),
        ("megatron-deepep", {"--moe-token-dispatcher-type=flex", "--moe-flex-dispatcher-backend=deepep"}),
        ("fsdp", {"--moe-token-dispatcher-type=flex", "--moe-flex-dispatcher-backend=deepep"}),
    ],
)
def test_the_dispatcher_of_tokens_is_the_softwares(software: str, dispatcher: set[str]) -> None:
    given = arguments("qwen3-30b-a3b", 64, software=software)
    assert {each for each in given if "dispatcher" in each} == dispatcher
    assert not [each for each in arguments("llama-3-8b", 64, software=software) if "dispatcher" in each]


def test_llama_is_told_as_it_is() -> None:
    assert {
        "--group-query-attention",
        "--num-query-groups=8",
        "--swiglu",
        "--normalization=RMSNorm",
        "--position-embedding-type=rope",
        "--disable-bias-linear",
        "--untie-embeddings-and-output-weights",
        "--lr=8e-05",
    } <= arguments("llama-3.1-405b")


def test_gpt_3_is_told_as_it_is() -> None:
    given = arguments("gpt-3-175b")
    assert {"--normalization=LayerNorm", "--position-embedding-type=learned_absolute"} <= given
    assert not {"--swiglu", "--disable-bias-linear", "--group-query-attention"} & given


def test_deepseek_is_told_as_it_is() -> None:
    given = arguments("deepseek-v3-671b")
    layers = ",".join(["0"] * 3 + ["1"] * 58)
    assert {
        "--multi-latent-attention",
        "--q-lora-rank=1536",
        "--kv-lora-rank=512",
        "--num-experts=256",
        "--moe-router-topk=8",
        "--moe-shared-expert-intermediate-size=2048",
        f"--moe-layer-freq=[{layers}]",
        "--moe-router-num-groups=8",
        "--moe-router-group-topk=4",
        "--mtp-num-layers=1",
    } <= given
    assert not any(argument.startswith("--num-query-groups") for argument in given)


def test_windows_and_sinks_are_told() -> None:
    given = arguments("gpt-oss-120b", 128)
    assert {"--window-size=127,0", "--window-attn-skip-freq=2", "--softmax-type=learnable", "--kv-channels=64"} <= given


@pytest.mark.parametrize(
    ("recompute", "told"),
    [
        ("none", set()),
        ("selective", {"--recompute-granularity=selective", "--recompute-modules", "layernorm"}),
        ("full", {"--recompute-granularity=full", "--recompute-method=uniform", "--recompute-num-layers=1"}),
    ],
)
def test_what_is_computed_again_is_told(recompute: str, told: set[str]) -> None:
    given = arguments("llama-3-70b", 128, parallelism={"recompute": recompute})
    assert told <= given
    assert bool(told) == any(argument.startswith("--recompute") for argument in given)


def test_fully_sharded_software_shares_weights() -> None:
    sharded = arguments("llama-3-8b", 64, software="fsdp")
    assert {"--use-megatron-fsdp", "--data-parallel-sharding-strategy=optim_grads_params"} <= sharded
    assert "--use-megatron-fsdp" not in arguments("llama-3-8b", 64)


def test_precision_and_checkpoints_are_the_requests() -> None:
    given = arguments("llama-3-8b", 64, precision="fp8", storage={"checkpoints": "async"})
    assert {"--fp8-format=hybrid", "--async-save", "--bf16"} <= given
    assert not {"--fp8-format=hybrid", "--async-save"} & arguments("llama-3-8b", 64)


@pytest.mark.parametrize(
    ("name", "gpus"),
    [("llama-3.1-8b", 64), ("gpt-3-175b", 512), ("deepseek-v3-671b", 512), ("gpt-oss-20b", 64), ("qwen3-8b", 64)],
)
def test_no_argument_is_given_twice(name: str, gpus: int) -> None:
    names = [each.partition("=")[0] for each in megatron_arguments(planned(name, gpus)) if each.startswith("--")]
    assert len(set(names)) == len(names)
