"""Marks of simulated hosts and pods: what control plane, simulated Oracle, trainer, kubelet and faults agree on."""

HOST_ANNOTATION = "kwok.x-k8s.io/node"
"""On a node: how KWOK treats the host."""

PLAYED = "fake"
"""The annotation's value on a host that KWOK keeps alive; with any other the host falls silent."""

SILENT = "silent"
"""The annotation's value on a host that has died: no heartbeat, and pods that never end."""

FINISHED_ANNOTATION = "rehearsal.rackwright.dev/finished"
"""On a training pod: its simulated process has ended well."""

KUBELET_PORT = 10250
"""The port of a host's kubelet (Kubernetes' default, which OKE keeps)."""
