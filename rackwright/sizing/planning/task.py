"""What a request asks for, with all that it names looked up in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.catalog import ACCELERATORS, FIGURES, GPUS, HOSTS, MODELS, PLACES, SOFTWARE, SWITCHES, PlaceKind
from rackwright.sizing.figures import PlanningFigures
from rackwright.sizing.network.fabric import expected_levels
from rackwright.sizing.step.machine import Machine
from rackwright.specs.architecture import Architecture
from rackwright.specs.request import Cooling, Request, refusal

MAX_BATCH_SEQUENCES = 262_144
"""Sequences of a step that are planned for: two for each GPU of the largest job; published ones end at 15,360."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A request with all that it names looked up."""

    request: Request
    model_name: str
    architecture: Architecture
    published_batch_tokens: int | None
    sequence_tokens: int
    batch: int
    """Sequences of one step, as wished."""
    place: PlaceKind
    shape: str
    machine: Machine
    figures: PlanningFigures

    @property
    def cooling(self) -> Cooling:
        """As wished, else the place's usual one, else what the host needs."""
        usual = "liquid" if self.machine.host.liquid_cooled and self.place.cooling == "air" else self.place.cooling
        return self.request.cooling or usual

    @property
    def gpus_per_host(self) -> int:
        """GPUs of one host."""
        return self.machine.host.gpus_per_host


def look_up(request: Request) -> Task:
    """Find what the request names in the catalogue; raise `SpecError` for what isn't there."""
    request = _with_own_names(request)
    model = MODELS.get(request.model, field="model") if isinstance(request.model, str) else None
    architecture = model.architecture if model else request.model
    if isinstance(architecture, str):
        raise TypeError("a model's name was not resolved")
    place = PLACES.get(request.place, field="place")
    gpu = GPUS.get(request.gpu, field="gpu")
    shape = host_shape(request.gpu, place)
    host = HOSTS.get(shape, field="place")
    if request.precision not in gpu.peak_tflops:
        raise refusal(
            field="precision", value=request.precision, expected=f"a precision of {gpu.title}", remedy="use bf16"
        )
    if host.liquid_cooled and request.cooling == "air":
        raise refusal(
            field="cooling",
            value=request.cooling,
            expected=f"liquid or dry, as air alone can't cool {shape} ({host.title})",
            remedy="use cooling: liquid, or leave it out; or choose another GPU",
        )
    if request.switch is not None:
        SWITCHES.get(request.switch, field="switch")
    sequence_tokens = request.sequence_tokens or architecture.sequence_tokens
    published = model.batch_tokens if model else None
    return Task(
        request=request,
        model_name=request.model if isinstance(request.model, str) else request.name,
        architecture=architecture,
        published_batch_tokens=published,
        sequence_tokens=sequence_tokens,
        batch=_sequences(request.batch_tokens or published or usual_batch_tokens(), sequence_tokens),
        place=place,
        shape=shape,
        machine=Machine(
            gpu=gpu,
            host=host,
            software=SOFTWARE.get(request.software, field="software"),
            precision=request.precision,
            levels=expected_levels(request, place=place, host=host),
        ),
        figures=PlanningFigures.of(request.figures),
    )


def usual_batch_tokens() -> int:
    """Tokens of a step for models whose batch isn't published."""
    return int(FIGURES.entries["batch_tokens"].figure.expected)


def _sequences(batch_tokens: int, sequence_tokens: int) -> int:
    """Sequences of a step."""
    most = MAX_BATCH_SEQUENCES * sequence_tokens
    if batch_tokens > most:
        raise refusal(
            field="batch_tokens",
            value=batch_tokens,
            expected=f"at most {MAX_BATCH_SEQUENCES:,} sequences, which are {most} tokens at sequence_tokens: "
            f"{sequence_tokens}",
            remedy=f"lower batch_tokens to {most} or less, or use longer sequences",
        )
    return max(1, round(batch_tokens / sequence_tokens))


def _with_own_names(request: Request) -> Request:
    """The request with the catalogue's own names of its model and GPU, where it has aliases.

    Raises `SpecError` for an accelerator that can't be planned with.
    """
    if (accelerator := ACCELERATORS.find(request.gpu)) is not None:
        entry = ACCELERATORS.entries[accelerator]
        raise refusal(
            field="gpu",
            value=request.gpu,
            expected=f"a GPU whose step times can be computed; for {entry.title}, {entry.why_not_planned}",
            remedy=f"plan with a GPU ({', '.join(GPUS.entries)}), and compare: "
            f"`rackwright size compare {accelerator} DGX-H100`",
        )
    names = {"gpu": GPUS.name(request.gpu, field="gpu")}
    if isinstance(request.model, str):
        names["model"] = MODELS.name(request.model, field="model")
    return request.model_copy(update=names)


def host_shape(gpu: str, place: PlaceKind) -> str:
    """The host that carries a GPU at a place; `SpecError` where the place has none."""
    if gpu in place.shapes:
        return place.shapes[gpu]
    there = ", ".join(place.shapes)
    raise refusal(
        field="gpu",
        value=gpu,
        expected=f"a GPU that {place.title} has: {there}",
        remedy="choose one of them or another place",
    )
