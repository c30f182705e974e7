"""The simulated Oracle as a caller sees it: resources are made, changed, read and deleted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.cloud import constraints, control_plane, placement
from rehearsal.cloud.behaviours import Behaviour, Context, now
from rehearsal.cloud.errors import NotModelledError, conflict, incorrect_state, invalid, not_found
from rehearsal.cloud.fleet import Fleet
from rehearsal.cloud.identifiers import kind_of, ocid
from rehearsal.cloud.nodes import node
from rehearsal.cloud.pools import Pool, pool
from rehearsal.cloud.regions import Region
from rehearsal.cloud.resource_types import resource_type
from rehearsal.cloud.services import bastion, compute, containers, file_systems, identity, network, routing, storage
from rehearsal.cloud.state import Cloud, Host, Record, Store

BEHAVIOURS: dict[str, Behaviour] = {
    **network.BEHAVIOURS,
    **routing.BEHAVIOURS,
    **bastion.BEHAVIOURS,
    **compute.BEHAVIOURS,
    **containers.BEHAVIOURS,
    **identity.BEHAVIOURS,
    **storage.BEHAVIOURS,
    **file_systems.BEHAVIOURS,
}
"""By type token; a test checks that these are the types that `resource_types` knows."""

SHORT_ID_BYTES = 3
"""Of a security rule's identifier, which Oracle writes as six hexadecimal digits."""

MANAGED = "manageDefaultResourceId"
"""The input of a type that manages what Oracle made along with a network, instead of making something."""


def silent(_message: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """The simulated Oracle, as seen from one region with one configuration. What it refuses is an `OracleError`."""

    directory: Path
    """The rehearsal's state directory."""
    region: Region
    tenancy: str | None = None

    def create(
        self, token: str, inputs: dict[str, Any], *, announce: Callable[[str], None] = silent
    ) -> tuple[str, dict[str, Any]]:
        """Make a resource; return its id and outputs. What fails on the way is taken back."""
        with self._transaction() as cloud:
            _check_type(token, inputs)
            record = self._admit(cloud, token, inputs)
            hosts = self._launch(cloud, record)
        try:
            self._join(record, hosts, announce)
        except BaseException:
            self._withdraw(record, hosts)
            raise
        return record.id, self._settled(record.id, token)

    def update(
        self, token: str, identifier: str, inputs: dict[str, Any], *, announce: Callable[[str], None] = silent
    ) -> dict[str, Any]:
        """Change a resource in place and return its outputs."""
        with self._transaction() as cloud:
            _check_type(token, inputs)
            context, record = self._context(cloud), self._found(cloud, identifier)
            before = dict(record.inputs)
            record.inputs = {**before, **inputs} if MANAGED in inputs else dict(inputs)
            self._check(context, token, record)
            hosts = self._launch(cloud, record)
            asked = pool(context, record)
            leaving = placement.surplus(context, asked) if asked else []
        try:
            self._join(record, hosts, announce)
        except BaseException:
            self._withdraw(record, hosts, inputs=before)
            raise
        if leaving:
            self._leave(leaving, announce)
        return self._settled(identifier, token)

    def read(self, identifier: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """A resource's inputs and outputs; None when there is none."""
        record = Store(self.directory).read().records.get(identifier)
        return (record.inputs, record.outputs) if record else None

    def delete(self, identifier: str, *, announce: Callable[[str], None] = silent) -> None:
        """Delete a resource; fine when it's gone. Raise `OracleError` while another resource uses it."""
        with self._transaction() as cloud:
            record = cloud.records.get(identifier)
            if record is None:
                return
            if record.made_with is not None:
                _reset(record)
                return
            _refuse_if_used(cloud, record)
            hosts = cloud.hosts_of(identifier)
        if hosts:
            self._leave(hosts, announce)
        with self._transaction() as cloud:
            cloud.records = {
                key: each for key, each in cloud.records.items() if identifier not in (each.id, each.made_with)
            }

    def context(self) -> Context:
        """The state as it is, to look things up in."""
        return self._context(Store(self.directory).read())

    # Steps of the above

    def _transaction(self) -> AbstractContextManager[Cloud]:
        return Store(self.directory).transaction()

    def _context(self, cloud: Cloud) -> Context:
        return Context(cloud=cloud, region=self.region, tenancy=self.tenancy, directory=self.directory)

    def _found(self, cloud: Cloud, identifier: str) -> Record:
        try:
            return cloud.records[identifier]
        except KeyError as error:
            raise not_found(identifier) from error

    def _admit(self, cloud: Cloud, token: str, inputs: dict[str, Any]) -> Record:
        """The record of a new resource, if its service takes it."""
        behaviour, context = behaviour_of(token), self._context(cloud)
        if MANAGED in inputs:
            record = self._found(cloud, inputs[MANAGED])
            record.inputs = {**record.inputs, **inputs}
            self._check(context, token, record)
            record.outputs = self._outputs(context, token, record)
            return record
        record = Record(id="", token=token, region=self.region.identifier, inputs=inputs, outputs={})
        record.id = self._identifier(behaviour, record)
        if record.id in cloud.records:
            raise conflict(f"{record.id} already exists")
        self._check(context, token, record)
        cloud.records[record.id] = record
        record.outputs = self._outputs(context, token, record)
        return record

    def _identifier(self, behaviour: Behaviour, record: Record) -> str:
        if behaviour.identifier is not None:
            return behaviour.identifier(record)
        if behaviour.kind is None:
            return secrets.token_hex(SHORT_ID_BYTES).upper()
        return ocid(behaviour.kind, "" if behaviour.is_global else self.region.key)

    def _check(self, context: Context, token: str, record: Record) -> None:
        constraints.check_values(record.inputs)
        for name, identifier in constraints.references(record.inputs):
            if kind_of(context.resource(identifier).id) not in constraints.REFERENCES[name]:
                kinds = " or ".join(constraints.REFERENCES[name])
                raise not_found(f"{name} must be the OCID of a {kinds}, and {identifier} is not")
        behaviour_of(token).check(context, record)

    def _outputs(self, context: Context, token: str, record: Record) -> dict[str, Any]:
        behaviour, described = behaviour_of(token), resource_type(token)
        created = record.outputs.get("timeCreated") or now()
        known: dict[str, Any] = {"timeCreated": created, "state": behaviour.state}
        fixed = {key: value for key, value in known.items() if key in described.computed and value is not None}
        absent = dict.fromkeys(described.computed)
        computed = behaviour.compute(context, record)
        outputs = {**absent, **behaviour.defaults, **record.inputs, **fixed, **computed}
        return {key: value for key, value in outputs.items() if key in described.inputs or key in described.computed}

    def _settled(self, identifier: str, token: str) -> dict[str, Any]:
        """A resource's outputs, computed anew."""
        with self._transaction() as cloud:
            record = self._found(cloud, identifier)
            record.outputs = self._outputs(self._context(cloud), token, record)
            return record.outputs

    # Hosts

    def _launch(self, cloud: Cloud, record: Record) -> list[Host]:
        context = self._context(cloud)
        asked = pool(context, record)
        return placement.launch(context, asked) if asked else []

    def _join(self, record: Record, hosts: list[Host], announce: Callable[[str], None]) -> None:
        context = self.context()
        asked = pool(context, record)
        if asked is not None:
            joining = [host for host in hosts if host.joins]
            self._fleet(announce).join(self._nodes(context, asked, joining))

    def _nodes(self, context: Context, asked: Pool, hosts: list[Host]) -> list[dict[str, Any]]:
        if not hosts:
            return []
        version, seed = control_plane.find(self.directory).kubernetes_version, context.cloud.seed
        return [node(host, asked, region=self.region, seed=seed, kubernetes_version=version) for host in hosts]

    def _leave(self, hosts: list[Host], announce: Callable[[str], None]) -> None:
        self._fleet(announce).leave([host.address for host in hosts if host.joins])
        with self._transaction() as cloud:
            placement.release(self._context(cloud), hosts)

    def _withdraw(self, record: Record, hosts: list[Host], *, inputs: dict[str, Any] | None = None) -> None:
        """Take back what couldn't be finished: the hosts, and the record or its change."""
        try:
            self._fleet(silent).leave([host.address for host in hosts if host.joins])
        finally:
            with self._transaction() as cloud:
                placement.release(self._context(cloud), hosts)
                if inputs is None:
                    cloud.records.pop(record.id, None)
                else:
                    cloud.records[record.id].inputs = inputs

    def _fleet(self, announce: Callable[[str], None]) -> Fleet:
        return Fleet(self.directory / "kubeconfigs" / "fleet.yaml", announce=announce)


def behaviour_of(token: str) -> Behaviour:
    """The behaviour of a type; raise `NotModelledError` naming it if the simulation doesn't have it."""
    try:
        return BEHAVIOURS[token]
    except KeyError as error:
        raise NotModelledError(f"the resource type {token} is not modelled by the simulated Oracle") from error


def _check_type(token: str, inputs: dict[str, Any]) -> None:
    for failure in resource_type(token).failures(inputs):
        raise invalid(f"{'.'.join(map(str, failure.path))}: {failure.reason}")


def _reset(record: Record) -> None:
    """Leave what Oracle made along with a network as it made it."""
    kept = {key: record.inputs[key] for key in ("vcnId", "compartmentId")}
    record.inputs, record.outputs = kept, {**kept, "state": "AVAILABLE", "timeCreated": now()}


def _refuse_if_used(cloud: Cloud, record: Record) -> None:
    for user in _users(cloud, record):
        if record.kind == "vcn":
            raise incorrect_state(f"{record.id} is associated with {user.id} that is in use")
        raise conflict(
            f"{record.id} is referenced by {user.id}. You must remove the reference to proceed with this operation"
        )


def _users(cloud: Cloud, record: Record) -> Iterator[Record]:
    for other in cloud.records.values():
        if record.id in (other.id, other.made_with):
            continue
        if any(identifier == record.id for _, identifier in constraints.references(other.inputs)):
            yield other
