"""What KWOK plays: how simulated hosts stay alive and how simulated pods live.

KWOK's own published stages, with three changes: pods that the process kubelet runs are left
alone, pods take a moment to start, and a training pod ends when its simulated trainer says so, not by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rehearsal.kubelet.programs import KNOWN_PROGRAMS
from rehearsal.simulated import FINISHED_ANNOTATION

START_DELAY_MS = 200
"""Milliseconds until a simulated pod runs, at least (a pulled image's container starts in about that time)."""

START_JITTER_MS = 1000
"""Milliseconds until a simulated pod runs, at most."""

OTHERS_EXCLUDED = {
    "key": '.spec.containers.[].image | sub("@.*$"; "") | sub(":[^/:]*$"; "")',
    "operator": "NotIn",
    "values": [program.image for program in KNOWN_PROGRAMS],
}
"""The expression that leaves pods alone that the process kubelet runs; it asks what `programs.is_ours` asks."""

_SOURCES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


def stages(directory: Path) -> str:
    """The stages as one YAML stream, from KWOK's `kustomize/stage` directory."""
    documents = [yaml.safe_load((directory / source).read_text(encoding="utf-8")) for source in _SOURCES]
    text: str = yaml.safe_dump_all([_adapted(document) for document in documents], sort_keys=False)
    return text


def _adapted(stage: dict[str, Any]) -> dict[str, Any]:
    if stage["spec"]["resourceRef"]["kind"] != "Pod":
        return stage
    expressions: list[dict[str, Any]] = stage["spec"]["selector"]["matchExpressions"]
    expressions.append(OTHERS_EXCLUDED)
    if stage["metadata"]["name"] == "pod-ready":
        stage["spec"]["delay"] = {
            "durationMilliseconds": START_DELAY_MS,
            "jitterDurationMilliseconds": START_JITTER_MS,
        }
    if stage["metadata"]["name"] == "pod-complete":
        expressions[:] = [item for item in expressions if "ownerReferences" not in item["key"]]
        key = f'.metadata.annotations["{FINISHED_ANNOTATION}"]'
        expressions.append({"key": key, "operator": "In", "values": ["true"]})
    return stage
