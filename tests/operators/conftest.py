"""A small cluster's spec, and builders of what the operator observes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.job_cluster import JobCluster

CLUSTER_FILE = Path(__file__).parent / "cluster.yaml"


@pytest.fixture(scope="session")
def cluster_spec() -> ClusterSpec:
    """Ten hosts in two blocks, of which two are spares; two teams."""
    return load_document(CLUSTER_FILE, ClusterSpec)


@pytest.fixture(scope="session")
def cluster(cluster_spec: ClusterSpec) -> JobCluster:
    """What the operator knows of it."""
    return cluster_spec.for_jobs()
