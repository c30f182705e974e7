"""What the operator knows of a small cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rackwright.specs import ClusterSpec
    from rackwright.specs.job_cluster import JobCluster


@pytest.fixture(scope="session")
def cluster(cluster_spec: ClusterSpec) -> JobCluster:
    """What the operator knows of it."""
    return cluster_spec.for_jobs()
