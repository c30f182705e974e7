"""A small cluster's spec, and builders of what the operator observes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rackwright.specs import ClusterSpec, load_document

CLUSTER_FILE = Path(__file__).parent / "cluster.yaml"


@pytest.fixture(scope="session")
def cluster() -> ClusterSpec:
    """Ten hosts in two blocks, of which two are spares; two teams."""
    return load_document(CLUSTER_FILE, ClusterSpec)
