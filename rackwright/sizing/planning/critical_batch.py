"""How large a batch may be before it costs tokens instead of saving time: an estimate.

Below the critical batch size twice the batch takes half the steps; beyond it ever fewer are saved (McCandlish et al.,
arXiv 1812.06162). It grows with the tokens that are trained on, about as their square root, and hardly with the model
(Zhang et al., arXiv 2410.21676; Bergsma et al., arXiv 2505.13738).
"""

from __future__ import annotations

from rackwright.sizing.figures import PlanningFigures, exact
from rackwright.specs.figure import Figure


def known_to_work_tokens(tokens: float, figures: PlanningFigures) -> Figure:
    """Tokens of a step that are known not to be too many for a run of so many tokens.

    The critical size itself may be larger: nobody has published where it lies for such runs.
    """
    batch, run = figures["largest_known_batch_tokens"], figures["largest_known_run_tokens"]
    exponent = figures["critical_batch_exponent"]
    return exact(
        batch.expected * (tokens / run.expected) ** exponent.expected,
        formula=f"{batch.expected:,.0f} tokens × ({tokens:.3g} / {run.expected:.3g})^{exponent.expected:g}",
        source=f"the largest published batch ({batch.source}), scaled as critical batch sizes grow with tokens "
        f"({exponent.source})",
    )
