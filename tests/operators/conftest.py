"""What the operator knows of a small cluster."""

from __future__ import annotations

import pytest

from rackwright.specs import ClusterSpec
from rackwright.specs.job_cluster import JobCluster


@pytest.fixture(scope="session")
def cluster(cluster_spec: ClusterSpec) -> JobCluster:
    """What the operator knows of it."""
    return cluster_spec.for_jobs()
