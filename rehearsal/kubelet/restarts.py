"""When a container that ended is started again: as a kubelet does it (Kubernetes' documentation, Pod lifecycle)."""

from __future__ import annotations

FIRST_BACKOFF_S = 10.0
"""Seconds before the second restart; the first one is at once."""

LONGEST_BACKOFF_S = 300.0
"""Seconds; the doubling ends here."""

HEALTHY_AFTER_S = 600.0
"""Seconds that a container must run for its earlier ends to be forgotten."""


def wanted(policy: str, *, exit_code: int) -> bool:
    """Whether a pod's restart policy starts the container again."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def backoff_s(ends: int) -> float:
    """Seconds to wait after so many ends in a row."""
    if ends <= 1:
        return 0.0
    return float(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(ends - 2, 10)))
