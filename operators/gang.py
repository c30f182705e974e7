"""What is left of a gang: the ranks that do their part, and what was lost of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from operators.observed import HostView, Observed, PodView

HOST_FAILED = "HostFailed"
POD_FAILED = "PodFailed"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Why a gang isn't whole any more."""

    cause: str
    message: str
    host: str | None = None


def living_pods(observed: Observed) -> tuple[PodView, ...]:
    """The gang's pods that do their part, by rank."""
    return tuple(sorted((pod for pod in observed.pods if pod.living), key=lambda pod: pod.rank))


def arrived_ranks(observed: Observed) -> frozenset[int]:
    """The ranks that train or are through, on hosts that can be trusted."""
    return frozenset(pod.rank for pod in observed.pods if pod.arrived and not host_failure(pod, observed))


def find_loss(observed: Observed, *, hosts: int) -> Loss | None:
    """What a gang of so many hosts has lost; a pod that only isn't ready for a while is no loss."""
    for pod in sorted(observed.pods, key=lambda pod: pod.rank):
        failure = host_failure(pod, observed)
        if failure:
            return Loss(cause=HOST_FAILED, host=pod.host, message=f"{pod.host}: {failure}")
    workload = observed.workload
    if workload is not None and (workload.eviction or not workload.admitted):
        reason = workload.eviction or "Evicted"
        return Loss(cause=reason, message=f"Kueue took the gang off its hosts: {reason}")
    missing = sorted(set(range(hosts)) - {pod.rank for pod in observed.pods if pod.living})
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return Loss(cause=POD_FAILED, message=f"the pod of rank {missing[0]}{others} failed or went")
    return None


def host_failure(pod: PodView, observed: Observed) -> str | None:
    """Why the pod's host can't be trusted with it, or None."""
    host = host_of(pod, observed)
    return (host.dead or host.excluded) if host is not None and pod.phase != "Succeeded" else None


def host_of(pod: PodView, observed: Observed) -> HostView | None:
    """The host that a pod names; None if it names none."""
    return observed.hosts.get(pod.host) if pod.host else None
