"""What runs on every cluster beside the jobs: Kueue, JobSet and the operator, with versions and settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from rackwright.specs import versions
from rackwright.specs.base import VERSION_PATTERN, Spec

Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]


class Kueue(Spec):
    """Kueue, which admits jobs by quota and places gangs by topology."""

    version: Version = versions.KUEUE
    client_qps: Annotated[float, Field(gt=0)] = 500
    """Requests a second to the API server. Kueue ships 50, which ungates 50 pods a second at the best."""
    client_burst: Annotated[int, Field(ge=1)] = 1000
    """Requests that may be sent at once after a pause."""
    ready_timeout_s: Annotated[int, Field(ge=1)] = 900
    """Seconds in which all pods of an admitted job must be ready; then the job goes back to the queue."""
    recovery_timeout_s: Annotated[int, Field(ge=1)] = 300
    """Seconds in which a job must be whole again after it lost a pod."""


class JobSet(Spec):
    """JobSet, which runs and restarts the groups of pods of one job."""

    version: Version = versions.JOBSET
    client_qps: Annotated[float, Field(gt=0)] = 500
    """Requests a second to the API server."""
    client_burst: Annotated[int, Field(ge=1)] = 500
    """Requests that may be sent at once after a pause."""


class Operator(Spec):
    """Rackwright's own operator."""

    image: Annotated[str, StringConstraints(min_length=1)] = "ghcr.io/rackwright/operator:0.1.0"
    """The operator's container image, with its registry and tag."""
    resync_s: Annotated[int, Field(ge=1)] = 60
    """Seconds after which every job is looked at again, whatever was or wasn't heard of it."""


class Platform(Spec):
    """The platform's components."""

    kueue: Kueue = Kueue()
    jobset: JobSet = JobSet()
    operator: Operator = Operator()
