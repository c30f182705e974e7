"""Whether a host that isn't ready is lost, or only out of sight. Pure.

Kubernetes says "not ready" of a host that died, and just so of a healthy one that it can't hear: when the API server,
the network before it or the controller-manager has trouble, most hosts fall silent together while their jobs train on.
A gang that is restarted for nothing costs its hosts minutes, and all gangs at once cost the whole cluster as much. So:

- A host that isn't ready is believed lost only after `SETTLING_S`: by then others that went for the same reason are
  known, and a kubelet that was only started anew is back.
- Of hosts that went together and were most of what there was, none is believed lost. That is what Kubernetes' own node
  lifecycle controller does with its evictions, at the same limits.

What doesn't rest on hearing is believed at once: a Node object that is deleted, and a taint that somebody set.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from operators.observed import ABSENT, HostView, NodeView

SETTLING = timedelta(seconds=15)
"""How long a host may be not ready before it counts as lost: kubelets renew their leases every 10 s (a quarter of
nodeLeaseDurationSeconds, 40) and the controller-manager looks every 5 s (--node-monitor-period), so within that it
knows of all hosts that fell silent together."""

TOGETHER = timedelta(minutes=5)
"""Hosts lost within that of each other may have one reason (assumed: a controller-manager writes some tens of nodes a
second, so it needs minutes for 12,500)."""

MOST = 0.55
"""The share of hosts from which their loss is doubted (the controller-manager's --unhealthy-zone-threshold)."""

FEW = 2
"""Up to so many losses are believed whatever their share is (node_lifecycle_controller.go, ComputeZoneState)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """How many hosts are seen, and when the others were lost from sight."""

    ready: int
    lost_at: tuple[datetime, ...]
    """Ascending."""

    def fails_at(self, moment: datetime) -> bool:
        """Whether most of the hosts that were there went at about that moment."""
        first = bisect_left(self.lost_at, moment - TOGETHER)
        lost = bisect_right(self.lost_at, moment + TOGETHER) - first
        return lost > FEW and lost / (lost + self.ready) >= MOST


def sight(nodes: Iterable[NodeView]) -> Sight:
    """What is seen of all nodes together. A node that never was ready says nothing."""
    ready, lost_at = 0, []
    for node in nodes:
        if node.not_ready is None:
            ready += 1
        elif node.since is not None:
            lost_at.append(node.since)
    return Sight(ready=ready, lost_at=tuple(sorted(lost_at)))


def judge(node: NodeView | None, seen: Sight, *, now: datetime) -> HostView:
    """What to hold of one host."""
    if node is None:
        return ABSENT
    if node.not_ready is None:
        return HostView(excluded=node.excluded)
    if node.since is not None and seen.fails_at(node.since):
        return HostView(excluded=node.excluded, doubted=True)
    if node.since is not None and now < node.since + SETTLING:
        return HostView(excluded=node.excluded, settles_at=node.since + SETTLING)
    return HostView(dead=node.not_ready, excluded=node.excluded)
