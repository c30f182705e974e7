"""The request: what shall be trained, and what is given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rackwright.specs.architecture import Architecture
from rackwright.specs.base import MAX_GPUS, Name, Spec, refuse
from rackwright.specs.documents import Problem, SpecError
from rackwright.specs.fabric import FabricTerms
from rackwright.specs.kubernetes_names import API_VERSION, ApiVersion
from rackwright.specs.terms import DeliveryTerms, MoneyTerms, ParallelismTerms, ReliabilityTerms, StorageTerms

PositiveInt = Annotated[int, Field(ge=1)]
Cooling = Literal["air", "liquid", "dry"]
"""`air`: chilled air, heat leaves by cooling towers; `liquid`: to the chip, by towers; `dry`: to the chip, no water."""
Precision = Literal["bf16", "fp8"]


class Request(Spec):
    """A training run to be sized: a model, its tokens, and one or more of GPUs, deadline, budget and power."""

    api_version: Annotated[ApiVersion, Field(alias="apiVersion")] = API_VERSION
    kind: Literal["Request"] = "Request"
    name: Name
    """Names the cluster and the job that come of it."""
    model: str | Architecture
    """A model of the catalogue (`rackwright size list models`), or an architecture."""
    tokens: Annotated[float, Field(gt=0, le=1e18)]
    """Tokens to train on, repeats included."""
    sequence_tokens: PositiveInt | None = None
    """Length of a sequence; unset: the model's own."""
    batch_tokens: PositiveInt | None = None
    """Tokens in one step; unset: the published batch of the model, or a usual one."""
    precision: Precision = "bf16"
    """Number format of the matrix products."""
    software: str = "megatron"
    """The training software whose step times are planned with, an entry of the catalogue (`rackwright size list
    software`). The job that is written runs Megatron-LM; for `fsdp` with Megatron-LM's own FSDP, not with PyTorch's."""
    place: str = "oracle"
    """A kind of place of the catalogue (`oracle`, `existing`): decides the hosts and the levels of the fabric."""
    gpu: str = "h100-sxm-80gb"
    """A GPU of the catalogue (`rackwright size list gpus`)."""
    switch: str | None = None
    """The fabric's switch, an entry of the catalogue; unset: the place's usual one."""
    fabric: FabricTerms = FabricTerms()
    cooling: Cooling | None = None
    """Unset: the place's usual one, or liquid where the hosts need it."""
    gpus: Annotated[int, Field(ge=1, le=MAX_GPUS)] | None = None
    """GPUs to train on, which the plan uses as well as it can; unset: as few as meet the deadline, or as many as budget
    and power allow."""
    gpus_include_spares: bool = False
    """True where `gpus` is all that there is, so that spare hosts come out of them, not on top."""
    deadline_days: Annotated[float, Field(gt=0)] | None = None
    """Days, all losses included, in which the run shall be done."""
    budget_usd: Annotated[float, Field(gt=0)] | None = None
    """What the run may cost: rent, or with one's own machines its share of owning them."""
    power_mw: Annotated[float, Field(gt=0)] | None = None
    """What the site may draw at full load, cooling included."""
    parallelism: ParallelismTerms = ParallelismTerms()
    storage: StorageTerms = StorageTerms()
    reliability: ReliabilityTerms = ReliabilityTerms()
    delivery: DeliveryTerms = DeliveryTerms()
    money: MoneyTerms = MoneyTerms()
    figures: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}  # noqa: RUF012  # pydantic copies a default
    """One's own in place of the catalogue's planning figures, by name (`rackwright size list figures`)."""

    @model_validator(mode="after")
    def _something_is_given(self) -> Request:
        if all(limit is None for limit in (self.gpus, self.deadline_days, self.budget_usd, self.power_mw)):
            refuse(
                field="gpus",
                value=None,
                expected="one or more of gpus, deadline_days, budget_usd and power_mw",
                remedy="say how many GPUs there are (gpus: 1024), by when it shall be done (deadline_days: 90), or "
                "what it may take (budget_usd: 5e6, power_mw: 10)",
            )
        return self


def refusal(*, field: str, value: object, expected: str, remedy: str) -> SpecError:
    """The error for a request that can't be met."""
    return SpecError("request", [Problem(field=field, value=repr(value), expected=expected, remedy=remedy)])
