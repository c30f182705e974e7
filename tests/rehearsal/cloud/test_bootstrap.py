"""What a host's metadata makes of its node."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import yaml

from rackwright.rendering.nodes import NODE_DOCUMENT_PATH
from rehearsal.cloud.bootstrap import bootstrap
from rehearsal.cloud.errors import OracleError

pytestmark = pytest.mark.pure

NODE = {
    "labels": {"rackwright.dev/pool": "h100"},
    "taints": ["nvidia.com/gpu=present:NoSchedule", "flaky:NoExecute"],
    "unplaced_taints": ["lost=true:NoSchedule"],
    "topology": {"customerLocalBlock": "example.com/leaf"},
}


def user_data(node: str, *, compress: bool = False, **file: object) -> str:
    config = "#cloud-config\n" + yaml.safe_dump(
        {"write_files": [{"path": NODE_DOCUMENT_PATH, "content": node, **file}]}
    )
    raw = config.encode()
    return base64.b64encode(gzip.compress(raw) if compress else raw).decode()


@pytest.mark.parametrize("compress", [False, True])
def test_the_node_file_gives_labels_taints_and_topology(compress: bool) -> None:
    found = bootstrap({"user_data": user_data(json.dumps(NODE), compress=compress)})
    assert found.joins
    assert (found.labels, found.topology) == (NODE["labels"], NODE["topology"])
    assert found.taints == (
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "flaky", "effect": "NoExecute"},
    )
    assert found.unplaced_taints == ({"key": "lost", "value": "true", "effect": "NoSchedule"},)


@pytest.mark.parametrize("encoding", ["b64", "base64", "gz+b64", "gzip+base64"])
def test_the_node_file_may_be_in_any_of_cloud_inits_encodings(encoding: str) -> None:
    raw = json.dumps(NODE).encode()
    content = base64.b64encode(gzip.compress(raw) if "gz" in encoding else raw).decode()
    assert bootstrap({"user_data": user_data(content, encoding=encoding)}).labels == NODE["labels"]


def test_okes_own_labels_are_kept_beside_those_of_the_file() -> None:
    found = bootstrap({"oke-initial-node-labels": "a=1,b=2=3", "user_data": user_data(json.dumps(NODE))})
    assert found.labels == {"a": "1", "b": "2=3", "rackwright.dev/pool": "h100"}


def test_a_host_that_is_told_no_cluster_does_not_join() -> None:
    script = base64.b64encode(b"#!/bin/sh\ntrue\n").decode()
    assert not bootstrap({"user_data": script}).joins
    assert bootstrap({"user_data": script, "apiserver_host": "10.0.0.2"}).joins


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ("not base64!", "is not base64"),
        (base64.b64encode(b"#cloud-config\na: [").decode(), "isn't YAML"),
        (user_data("{"), "is not JSON"),
        (user_data(json.dumps({"taints": ["a=b:Sometimes"]})), "'a=b:Sometimes' is not a taint"),
    ],
)
def test_user_data_that_no_host_could_read_is_refused(encoded: str, message: str) -> None:
    with pytest.raises(OracleError, match=message):
        bootstrap({"user_data": encoded})
