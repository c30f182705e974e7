"""The configured provider: between the engine's requests and the simulated Oracle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from rehearsal.cloud.errors import NotModelledError as NotInTheCloudError
from rehearsal.cloud.errors import OracleError
from rehearsal.cloud.lookups import look_up
from rehearsal.cloud.oracle import Oracle
from rehearsal.cloud.resource_types import ResourceType, resource_type
from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.model import Checked, Failure, Instance, NotModelledError, ProviderError, Resource, State
from rehearsal.providers.values import Path, Properties, contains_unknown, formatted

NAME_SUFFIX_DIGITS = 7
"""Hexadecimal digits after a name that the provider makes up, as Pulumi's bridge has it."""

DEFAULTS_MARK = "__defaults"
"""What Pulumi's bridge notes in inputs of its own; programs imported from elsewhere may carry it."""


class OciInstance(Instance):
    """Manages resources of the simulated Oracle."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Judge inputs by the type's description, and make up a name where the program gives none."""
        described = _type(resource)
        inputs = {key: value for key, value in new_inputs.items() if value is not None and key != DEFAULTS_MARK}
        if "name" in described.inputs and inputs.get("name") is None:
            inputs["name"] = old_inputs.get("name") or _made_up_name(resource, seed)
        failures = [Failure(formatted(each.path), each.reason) for each in described.failures(inputs)]
        return Checked(inputs, failures)

    def diff(
        self,
        resource: Resource,
        *,
        resource_id: str,  # noqa: ARG002  # interface
        old_inputs: Properties,
        old_outputs: Properties,  # noqa: ARG002  # interface
        new_inputs: Properties,
    ) -> Difference:
        """What would change; what can't be updated makes a new resource."""
        described = _type(resource)
        changes = differences.compare(old_inputs, new_inputs).changes
        replaces = frozenset(
            path for path in changes if described.needs_new(path, old=_at(old_inputs, path), new=_at(new_inputs, path))
        )
        return Difference(changes=changes, replaces=replaces)

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:  # noqa: ARG002
        """Make it; in preview, what Oracle computes is unknown."""
        _type(resource)
        if preview:
            return State(id="", outputs=inputs)
        with _refusals_shown():
            identifier, outputs = self._oracle.create(resource.type, inputs, announce=partial(self.tell, resource.urn))
        return State(id=identifier, outputs=outputs)

    def read(self, resource: Resource, *, resource_id: str, inputs: Properties, outputs: Properties) -> State | None:
        """What there is. Inputs are those that the program gives, or on import all that were given to Oracle."""
        described = _type(resource)
        found = self._oracle.read(resource_id)
        if found is None:
            return None
        there, now = found
        wanted = inputs or described.inputs
        kept = {key: there[key] for key in wanted if key in there}
        return State(id=resource_id, inputs=kept, outputs={**outputs, **now})

    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,  # noqa: ARG002  # interface
    ) -> Properties:
        """Change it; in preview, outputs that aren't inputs stay as they were."""
        described = _type(resource)
        if preview:
            computed = {key: value for key, value in old_outputs.items() if key in described.computed}
            given = {key: value for key, value in old_outputs.items() if key not in {*computed, *old_inputs}}
            return {**computed, **given, **new_inputs}
        with _refusals_shown():
            return self._oracle.update(
                resource.type, resource_id, new_inputs, announce=partial(self.tell, resource.urn)
            )

    def delete(
        self,
        resource: Resource,
        *,
        resource_id: str,
        inputs: Properties,  # noqa: ARG002  # interface
        outputs: Properties,  # noqa: ARG002  # interface
        timeout_s: float,  # noqa: ARG002  # interface
    ) -> None:
        """Delete it."""
        with _refusals_shown():
            self._oracle.delete(resource_id, announce=partial(self.tell, resource.urn))

    def invoke(self, token: str, *, arguments: Properties, preview: bool) -> Properties:  # noqa: ARG002  # interface
        """Look something up."""
        if contains_unknown(arguments):
            raise ProviderError(f"the look-up {token} was asked with arguments that aren't known yet")
        with _refusals_shown():
            return look_up(token, self._oracle.context(), arguments)


@contextmanager
def _refusals_shown() -> Iterator[None]:
    """Pass on what the simulated Oracle says."""
    try:
        yield
    except NotInTheCloudError as error:
        raise NotModelledError(str(error)) from error
    except OracleError as error:
        raise ProviderError(str(error)) from error


def _type(resource: Resource) -> ResourceType:
    with _refusals_shown():
        return resource_type(resource.type)


def _made_up_name(resource: Resource, seed: bytes) -> str:
    digits = hashlib.sha256(seed + resource.urn.encode()).hexdigest()[:NAME_SUFFIX_DIGITS]
    return f"{resource.name}-{digits}"


def _at(properties: Properties, path: Path) -> Any:  # noqa: ANN401  # any property value
    """The value at a path, None when there is none."""
    value: Any = properties
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
