"""How large a batch may be before it costs tokens instead of saving time: an estimate.

Below the critical batch size twice the batch takes half the steps; beyond it ever fewer are saved (McCandlish et al.,
arXiv 1812.06162). It grows with the tokens that are trained on, about as their square root, and hardly with the model
(Zhang et al., arXiv 2410.21676; Bergsma et al., arXiv 2505.13738).
"""

from __future__ import annotations

from rackwright.sizing.figures import exact
from rackwright.specs.figure import Figure

EXPONENT = 0.47
"""Growth of the critical batch size with tokens: 0.46-0.47 in both studies."""

LARGEST_KNOWN_BATCH = 62_914_560
LARGEST_KNOWN_TOKENS = 14.8e12
"""The largest published batch of a large run, in tokens, and the tokens of that run: DeepSeek-V3 (arXiv 2412.19437)."""


def known_to_work_tokens(tokens: float) -> Figure:
    """Tokens of a step that are known not to be too many for a run of so many tokens.

    The critical size itself may be larger: nobody has published where it lies for such runs.
    """
    value = LARGEST_KNOWN_BATCH * (tokens / LARGEST_KNOWN_TOKENS) ** EXPONENT
    return exact(
        value,
        formula=f"{LARGEST_KNOWN_BATCH:,} tokens × ({tokens:.3g} / {LARGEST_KNOWN_TOKENS:.3g})^{EXPONENT}",
        source="the largest published batch (DeepSeek-V3, arXiv 2412.19437), scaled as critical batch sizes grow with "
        "tokens (arXiv 2410.21676, 2505.13738)",
    )
