"""What a stand-in provider implements, in plain Python; `servicer` speaks the protocol for it.

A `Provider` checks configurations and makes an `Instance` from one; the instance manages resources. All properties come
without secrets' wrappers: the servicer takes them off, and puts them on again around whatever comes back at the same
paths, plus at those that `Instance.secret_paths` names. Unknown values come as `values.UNKNOWN`.
"""

# ruff: noqa: ARG002  # methods with a default behaviour have arguments for those that override them

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.values import Path, Properties


class ProviderError(Exception):
    """A request that can't be done; the message goes to the user as it is."""


class NotModelledError(ProviderError):
    """A resource type, look-up or option that the real provider has and this stand-in hasn't."""


class InitializationError(ProviderError):
    """The resource exists, but isn't ready. It stays in the state, marked, and the next update tries again."""

    def __init__(
        self,
        reasons: Sequence[str],
        *,
        resource_id: str,
        outputs: Properties,
        inputs: Properties | None = None,
    ) -> None:
        """Keep the reasons and the state: `inputs` are needed from a read alone."""
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)
        self.resource_id = resource_id
        self.outputs = outputs
        self.inputs = inputs


@dataclass(frozen=True)
class Failure:
    """What is wrong with one input property."""

    property: str
    """Its path as the engine writes paths (`values.formatted`); empty for the whole."""
    reason: str
    """What was found, what was expected, and the remedy."""


class InvocationError(ProviderError):
    """A look-up that the provider refuses because of its arguments."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        """Keep the failures, which belong to arguments."""
        super().__init__("; ".join(failure.reason for failure in failures))
        self.failures = list(failures)


@dataclass(frozen=True)
class Checked:
    """Inputs with defaults filled in, or what is wrong with them."""

    inputs: Properties
    failures: Sequence[Failure] = ()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Which resource of the program a request is about."""

    urn: str
    type: str
    """The type's token, such as `oci:Core/vcn:Vcn`."""
    name: str
    """The resource's name in the program."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A resource as it was found or made."""

    id: str
    outputs: Properties
    inputs: Properties = field(default_factory=dict)
    """Needed from a read alone."""


class Instance(ABC):
    """A configured provider: one for each provider resource of a program, and one for each connection of the engine."""

    tell: Callable[[str, str], None] = staticmethod(lambda _urn, _message: None)
    """Show a passing message beside a resource (by URN) while it is being worked on; set by the servicer."""

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Validate inputs and fill in defaults.

        The old inputs are empty for a new resource. Random names are derived from the seed, which is another
        for each new resource, and the same again when the engine checks the same step twice.
        """
        return Checked(new_inputs)

    def diff(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
    ) -> Difference:
        """What would change; by default any change of inputs, all of them possible in place."""
        return differences.compare(old_inputs, new_inputs)

    @abstractmethod
    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Make a resource, or in preview say what is known of the result without making it.

        A timeout of 0 means the provider's default. In preview the id may be empty, inputs may hold unknowns, and an
        output that isn't given is unknown to the program.
        """

    @abstractmethod
    def read(self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties) -> State | None:
        """The resource as it is now; None when it is gone. Without inputs and outputs it's an import."""

    @abstractmethod
    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,
    ) -> Properties:
        """Change a resource in place and return its outputs; in preview those that are known."""

    @abstractmethod
    def delete(
        self,
        resource: Resource,
        *,
        resource_id: str,
        inputs: Properties,
        outputs: Properties,
        timeout_s: float,
    ) -> None:
        """Delete a resource and return when it's gone; fine when it was gone already."""

    def invoke(self, token: str, *, arguments: Properties, preview: bool) -> Properties:
        """Look something up."""
        raise NotModelledError(f"the look-up {token} is not modelled by this stand-in provider")

    def secret_paths(self, resource: Resource, properties: Properties) -> set[Path]:
        """Paths of inputs or outputs that are secret whether or not the program says so."""
        return set()

    def cancel(self) -> None:  # noqa: B027  # most have nothing to wait for
        """Stop waiting: the user gave up. Operations under way end as soon as they can."""


class Provider(ABC):
    """A stand-in for one provider plugin."""

    name: str
    """The package's name, such as `oci`."""
    version: str
    """The version of the official SDK that it stands in for, without a leading v."""

    def check_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Checked:
        """Validate a configuration and fill in defaults; it may hold unknowns."""
        return Checked(new_inputs)

    def diff_config(self, *, old_inputs: Properties, new_inputs: Properties) -> Difference:
        """What a change of configuration means; a replaced provider replaces all of its resources."""
        return differences.compare(old_inputs, new_inputs)

    @abstractmethod
    def configure(self, inputs: Properties) -> Instance:
        """Make an instance; never called with unknowns. Raises `ProviderError`."""
