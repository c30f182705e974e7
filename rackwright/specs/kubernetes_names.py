"""Names that Kubernetes objects share: what one part of Rackwright writes, another part, or Kueue or JobSet, reads."""

from __future__ import annotations

from typing import Literal

GROUP = "rackwright.dev"
VERSION = "v1alpha1"
ApiVersion = Literal["rackwright.dev/v1alpha1"]
API_VERSION: ApiVersion = "rackwright.dev/v1alpha1"
"""Of all documents: group and version."""

GPU_RESOURCE = "nvidia.com/gpu"
"""What NVIDIA's device plugin calls a GPU."""

RDMA_RESOURCE = "nvidia.com/rdma-vf"
"""What the SR-IOV device plugin calls a virtual function of an RDMA port (Oracle's configuration of it)."""

RDMA_NETWORK = "rdma-vf"
"""The SR-IOV network of these functions, and the pool of their addresses."""

GPU_TAINT_KEY = GPU_RESOURCE
"""Keeps pods without a toleration off the GPU hosts; the key that NVIDIA's and Oracle's own manifests tolerate."""

UNPLACED_TAINT_KEY = "rackwright.dev/topology"
"""On a host that didn't learn its place in the fabric: no training job tolerates it."""

FAILED_TAINT_KEY = "rackwright.dev/failed"
"""On a host that is to be left by training jobs though it is still there; people and health checks set it."""

HOSTNAME_LABEL = "kubernetes.io/hostname"
"""The label of the finest level: Kueue only replaces a failed host when it stands last."""

POOL_LABEL = "rackwright.dev/pool"
"""On each node: the name of its pool. Queues and controllers choose nodes by it."""

TEAM_LABEL = "rackwright.dev/team"
"""On a team's namespace: the team's name."""

JOB_LABEL = "rackwright.dev/job"
"""On a job's JobSet and on each of its pods: the job's name."""

RANK_LABEL = "batch.kubernetes.io/job-completion-index"
"""On each pod of an Indexed Job: its place in the gang (Kubernetes 1.28 and later sets it)."""

TEMPLATE_ANNOTATION = "rackwright.dev/template-sha256"
"""On the JobSet: a digest of what its pods are made of, taken when it was made."""

PROGRESS_ANNOTATION = "rackwright.dev/progress"
"""On the pod of rank 0: JSON of `ReportedProgress`, written by the training process through its own pod's API."""

EVICTED_ANNOTATION = "rackwright.dev/evicted"
"""On a Workload: the operator made it inactive, to have it placed anew, and makes it active again."""

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
