"""The fit of the step time's constants, on runs whose constants are known."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from bench.fit_step_time import FITS, Constant, Fit, figure_of, fitted_constants, log_error, prepare, with_constants
from rackwright.catalog import SOFTWARE
from rackwright.sizing.published import Run

pytestmark = pytest.mark.pure

MEGATRON = SOFTWARE.entries["megatron"]

MATRIX = Constant(name="matrix_efficiency.bf16", low=0.6, high=1.0, prior=0.8, spread=10.0)
OVERLAP = Constant(name="tensor_overlap", low=0.0, high=0.9, prior=0.5, spread=10.0)
"""With priors so wide that the runs alone decide."""


def run(model: str, tensor: str) -> Run:
    """A run of 64 H100."""
    cells = {"model": model, "gpus": "64", "gpu": "H100", "precision": "BF16", "tp": tensor, "pp": "4", "vp": "1"}
    return Run.model_validate(
        {**cells, "cp": "1", "fsdp": "0", "mbs": "1", "gbs": "128", "act_ckpt": "none", "step_s": "10"}
    )


def test_the_fit_finds_the_constants_that_the_runs_were_made_with() -> None:
    true = with_constants(MEGATRON, (MATRIX, OVERLAP), np.array([0.7, 0.2]))
    prepared = [prepare(run(model, tensor)) for model in ("Llama3-8B", "LLAMA2-13B") for tensor in ("1", "2", "8")]
    made = [replace(each, published_s=each.published_s * exp(log_error(true, each))) for each in prepared]
    fit = Fit(software="megatron", constants=(MATRIX, OVERLAP), prior_weight=1.0)
    values, errors = fitted_constants(fit, MEGATRON, made)
    assert values == pytest.approx([0.7, 0.2], abs=0.01)
    assert np.all(errors > 0)


def test_a_constant_that_no_run_tells_of_keeps_its_prior() -> None:
    alone = [prepare(run("Llama3-8B", "1"))]
    fit = Fit(software="megatron", constants=(OVERLAP,), prior_weight=1.0)
    values, _ = fitted_constants(fit, MEGATRON, alone)
    assert values == pytest.approx([OVERLAP.prior])


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.software)
def test_the_catalogue_has_what_was_fitted_within_what_was_allowed(fit: Fit) -> None:
    software = SOFTWARE.entries[fit.software]
    for constant in fit.constants:
        assert constant.low <= figure_of(software, constant).expected <= constant.high
        assert constant.low <= constant.prior <= constant.high
