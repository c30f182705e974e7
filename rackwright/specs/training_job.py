"""The TrainingJob, the one custom resource that researchers write; its CRD is generated from this model.

Field names are camelCase in YAML, as everywhere in Kubernetes, with the unit in the name (`intervalSeconds`). Rules
that span fields stand in `training_job_rules`; the API server and this model refuse by the same ones. Every text and
list has a longest length: without one, CEL's cost can't be bounded, and the API server refuses the CRD.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from rackwright.specs.base import MAX_GPUS, DnsLabel, Spec
from rackwright.specs.kubernetes_names import API_VERSION, ApiVersion
from rackwright.specs.training_job_rules import NAME_RULE, SPEC_RULES, check
from rackwright.specs.training_job_status import TrainingJobStatus

KIND: Literal["TrainingJob"] = "TrainingJob"
PLURAL = "trainingjobs"

MAX_HOSTS = MAX_GPUS // 8
"""Hosts of the largest job: as many GPUs on hosts of eight."""

ParallelDegree = Annotated[int, Field(ge=1, le=MAX_GPUS)]


class KubernetesSpec(Spec):
    """A part of a Kubernetes object: camelCase in the document."""

    model_config = ConfigDict(alias_generator=to_camel)


class EnvironmentVariable(KubernetesSpec):
    """An environment variable of the training container."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=256)]
    """Letters, digits and `_`, not starting with a digit."""
    value: Annotated[str, StringConstraints(max_length=4096)]
    """As the process gets it."""


class Parallelism(KubernetesSpec):
    """How the model is split over the GPUs. tensor × context × pipeline × data is the number of GPUs."""

    tensor: ParallelDegree = 1
    """Ranks that share each matrix product."""
    context: ParallelDegree = 1
    """Ranks that share each sequence."""
    pipeline: ParallelDegree = 1
    """Stages that the layers are split into."""
    virtual_pipeline: ParallelDegree = 1
    """Model chunks on each pipeline rank (interleaved schedule)."""
    expert: ParallelDegree = 1
    """Expert parallelism; it takes its ranks from tensor × context × data."""
    data: ParallelDegree = 1
    """Ranks that each see another part of a batch."""


class Slice(KubernetesSpec):
    """Groups of neighbouring hosts (a tensor or pipeline group) that must each stand within one domain."""

    level: DnsLabel
    """A level of the fabric, by its name in the cluster's spec."""
    hosts: Annotated[int, Field(ge=1, le=MAX_HOSTS)]


class TopologyWish(KubernetesSpec):
    """Where the gang shall stand; `required` and `preferred` name a level of the fabric, at most one of them."""

    required: DnsLabel | None = None
    """The whole gang stands within one domain of this level, or waits."""
    preferred: DnsLabel | None = None
    """The gang stands within one domain of this level if it has room, else as close as there is room."""
    slice: Slice | None = None


class Checkpoint(KubernetesSpec):
    """Where checkpoints go and how often."""

    claim: DnsLabel | None = None
    """A PersistentVolumeClaim in the job's namespace, mounted at `path`. Exactly one of claim and bucket."""
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*://\S+$", max_length=1024)] | None = None
    """A bucket's URL, handed to the container as RACKWRIGHT_CHECKPOINT."""
    path: Annotated[str, StringConstraints(pattern=r"^/", max_length=1024)] = "/checkpoints"
    """Where the claim is mounted."""
    interval_seconds: Annotated[int, Field(ge=1)]
    """Seconds between checkpoints, handed to the container as RACKWRIGHT_CHECKPOINT_INTERVAL_S."""


class FailurePolicy(KubernetesSpec):
    """What happens when a host or a pod fails."""

    max_restarts: Annotated[int, Field(ge=0, le=10000)] = 100
    """Restarts of the whole gang before the job counts as failed."""


class Expected(KubernetesSpec):
    """What the plan expects of the run; progress, time left and lost work are counted against it."""

    steps: Annotated[int, Field(ge=1)]
    """Steps of the whole run."""
    step_seconds: Annotated[float, Field(gt=0)]
    """Seconds of one step."""
    tokens_per_step: Annotated[int, Field(ge=1)]
    """Tokens of one step."""


class TrainingJobSpec(KubernetesSpec):
    """What a researcher asks for."""

    image: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    """The training container."""
    command: Annotated[tuple[Annotated[str, StringConstraints(max_length=4096)], ...], Field(max_length=64)] = ()
    """The program; unset: the image's own."""
    args: Annotated[tuple[Annotated[str, StringConstraints(max_length=4096)], ...], Field(max_length=256)] = ()
    """The program's arguments."""
    env: Annotated[
        tuple[EnvironmentVariable, ...],
        Field(
            max_length=256,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    gpus: Annotated[int, Field(ge=1, le=MAX_GPUS)]
    """GPUs of the whole gang: whole hosts, or less than one."""
    gpus_per_host: Annotated[int, Field(ge=1, le=64)] = 8
    """GPUs on each host of the pool."""
    parallelism: Parallelism | None = None
    queue: DnsLabel = "train"
    """A LocalQueue of the job's namespace."""
    priority: DnsLabel | None = None
    """A priority of the cluster's spec; a higher one goes first and preempts lower ones. Can change at any time."""
    topology: TopologyWish = TopologyWish()
    checkpoint: Checkpoint | None = None
    failure_policy: FailurePolicy = FailurePolicy()
    expected: Expected | None = None
    suspend: bool = False
    """True takes the job off its hosts and keeps it; false brings it back from its last checkpoint."""
    active_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """Seconds since its first start after which a job that hasn't finished counts as failed. Can change at any time."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0)] | None = None
    """Seconds after which a finished job is deleted; unset: kept. Can change at any time."""

    @model_validator(mode="after")
    def _rules_hold(self) -> TrainingJobSpec:
        check(SPEC_RULES, self.written())
        return self

    def written(self) -> dict[str, Any]:
        """The spec as the API server has it: camelCase, defaults filled in, unset fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def hosts(self) -> int:
        """Hosts of the gang."""
        return max(1, self.gpus // self.gpus_per_host)


class Metadata(KubernetesSpec):
    """The part of Kubernetes' metadata that people write."""

    model_config = ConfigDict(extra="allow")

    name: str
    namespace: DnsLabel | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _name_fits(self) -> Metadata:
        check((NAME_RULE,), {"name": self.name, "metadata": {"name": self.name}})
        return self


class TrainingJob(KubernetesSpec):
    """A training job: one gang of GPUs that starts together, restarts together and is placed by topology."""

    api_version: ApiVersion = API_VERSION
    kind: Literal["TrainingJob"] = KIND
    metadata: Metadata
    spec: TrainingJobSpec
    status: TrainingJobStatus | None = None
