"""What is counted from the matrices adds up to what is counted by parameters and FLOPs."""

from __future__ import annotations

import pytest

from rackwright.catalog import MODELS
from rackwright.sizing.step import flops, parameters, products, work

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("name", MODELS.entries)
def test_matrix_work_of_all_layers_is_the_models_flops(name: str) -> None:
    """Biases of experts count as parameters of theirs, and a prediction module's projection is left out."""
    architecture = MODELS.entries[name].architecture.model_copy(update={"prediction_layers": 0, "biases": False})
    expert_layers = architecture.expert_layers
    weights = products.head(architecture).weights
    weights += (architecture.layers - expert_layers) * work.dense_work(architecture).shared.weights
    if expert_layers:
        layer = work.expert_work(architecture)
        weights += expert_layers * (layer.shared.weights + layer.experts_active * layer.experts.weights)
    assert 6 * weights == pytest.approx(flops.matrix_flops(architecture), rel=1e-12)


@pytest.mark.parametrize("name", ["llama-3.1-405b", "gpt-3-175b", "deepseek-v3-671b", "llama-4-maverick-400b"])
def test_the_weights_of_a_layer_are_its_matrix_parameters(name: str) -> None:
    architecture = MODELS.entries[name].architecture.model_copy(update={"biases": False})
    layer = parameters.dense_layer(architecture)
    assert work.dense_work(architecture).shared.weights == layer.attention + layer.feed_forward


def test_tensor_parallelism_leaves_the_hidden_state_whole() -> None:
    """Queries, keys and values read it, the output writes it; the network reads and writes it: four times."""
    architecture = MODELS.entries["llama-3-8b"].architecture
    assert work.dense_work(architecture).shared.whole == 4 * architecture.hidden


def test_a_gated_network_has_three_matrices() -> None:
    architecture = MODELS.entries["llama-3-8b"].architecture
    plain = architecture.model_copy(update={"gated": False})
    assert products.network(architecture, 100).weights == 3 * 100 * architecture.hidden
    assert products.network(plain, 100).weights == 2 * 100 * architecture.hidden
