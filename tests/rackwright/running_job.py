"""A job that runs, has lost a host and recovered: what tables, texts and sums are made of in tests."""

from __future__ import annotations

from datetime import datetime

from rackwright.specs import TrainingJob

NOW = datetime.fromisoformat("2026-01-01T12:00:00Z")

JOB = TrainingJob.model_validate(
    {
        "metadata": {"name": "llama", "namespace": "research", "creationTimestamp": "2026-01-01T10:00:00Z"},
        "spec": {
            "image": "example.com/train:1",
            "gpus": 128,
            "priority": "normal",
            "expected": {"steps": 1000, "stepSeconds": 10, "tokensPerStep": 4096},
        },
        "status": {
            "phase": "Running",
            "message": "16 of 16 pods are ready",
            "startedAt": "2026-01-01T10:10:00Z",
            "progress": {"step": 500, "checkpointStep": 480, "steps": 1000},
            "restartCount": 1,
            "hosts": ["host-1", "host-2"],
            "hostCount": 16,
            "restarts": [
                {
                    "at": "2026-01-01T11:00:00Z",
                    "cause": "HostFailed",
                    "host": "host-3",
                    "step": 300,
                    "resumedFromStep": 270,
                    "repeatedSeconds": 310,
                    "recoveredAt": "2026-01-01T11:02:00Z",
                }
            ],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "PodsReady",
                    "message": "all pods are ready",
                    "lastTransitionTime": "2026-01-01T11:02:00Z",
                    "observedGeneration": 1,
                }
            ],
        },
    }
)
