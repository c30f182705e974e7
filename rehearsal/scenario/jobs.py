"""Following one training job, as its researcher would."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kubernetes import client

from rackwright.specs import TrainingJob
from rackwright.specs.training_job import GROUP, PLURAL, VERSION
from rackwright.specs.training_job_status import Phase, TrainingJobStatus

POLL_S = 0.25
"""Seconds between two looks at the job."""


class JobError(RuntimeError):
    """A job that didn't get where it should."""


class JobFollower:
    """Reads one job's status until it is as wanted, and tells each change of phase."""

    def __init__(self, api: client.ApiClient, job: TrainingJob, tell: Callable[[str], None]) -> None:
        self._custom = client.CustomObjectsApi(api)
        self._namespace = job.metadata.namespace or "default"
        self._name = job.metadata.name
        self.tell = tell
        """Hears of each new phase; another step of the play may take it over."""
        self._told = ""

    def status(self) -> TrainingJobStatus:
        """The job's status now."""
        found: Any = self._custom.get_namespaced_custom_object(GROUP, VERSION, self._namespace, PLURAL, self._name)
        status = TrainingJobStatus.model_validate(found.get("status") or {})
        if str(status.phase) != self._told:
            self._told = str(status.phase)
            self.tell(f"{self._namespace}/{self._name}: {status.phase}. {status.message}".rstrip())
        return status

    def wait_for(
        self, wanted: Callable[[TrainingJobStatus], bool], *, what: str, timeout_s: float
    ) -> TrainingJobStatus:
        """Wait until the status is as wanted; raise `JobError` when the job fails or time runs out."""
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if wanted(status):
                return status
            if status.phase is Phase.FAILED:
                raise JobError(f"the job {self._name} failed while waiting for it to be {what}: {status.message}")
            if time.monotonic() > deadline:
                state = f"it is {status.phase}: {status.message}"
                raise JobError(f"the job {self._name} wasn't {what} after {timeout_s:.0f} s; {state}")
            time.sleep(POLL_S)
