"""The rules of a TrainingJob that span fields, each once: for the API server as CEL, and for offline use in Python.

A rule's message is one text with `{path}` in it, where a path leads from the rule's scope to a field by the names of
the document (`{gpusPerHost}`, `{checkpoint.claim}`). It becomes a CEL `messageExpression` and Python's own message, so
both read the same. The condition stands twice, as CEL and in Python; a test gives one table of bad jobs to both, the
real API server and the model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rackwright.specs.base import DNS_LABEL_PATTERN, NAME_MAX_LENGTH, refuse

Values = Mapping[str, Any]
"""A part of a document as written: camelCase names, defaults filled in, unset fields left out."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A condition over several fields, and what to say when it doesn't hold."""

    field: str
    """The field that is refused, as a path from the scope."""
    cel: str
    """The condition for the API server; `self` is the scope."""
    holds: Callable[[Values], bool]
    """The same condition in Python."""
    got: str
    expected: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class FrozenField:
    """A field that changes only while the job is suspended: pods can't change under a running gang."""

    name: str
    required: bool = True
    """Whether it is always there (required, or with a default)."""

    @property
    def cel(self) -> str:
        """The condition for the API server: `oldSelf` is what there was, `self` what shall be."""
        new, old = f"self.{self.name}", f"oldSelf.{self.name}"
        same = f"{new} == {old}"
        if not self.required:
            same = f"has({new}) == has({old}) && (!has({new}) || {same})"
        return f"self.suspend || oldSelf.suspend || ({same})"


NAME_RULE = Rule(
    field="name",
    cel=f"self.metadata.name.matches('{DNS_LABEL_PATTERN}') && size(self.metadata.name) <= {NAME_MAX_LENGTH}",
    holds=lambda metadata: (
        re.fullmatch(DNS_LABEL_PATTERN, metadata["name"]) is not None and len(metadata["name"]) <= NAME_MAX_LENGTH
    ),
    got="{metadata.name}",
    expected=f"a DNS label of at most {NAME_MAX_LENGTH} characters, since pods and host names are made of it",
    remedy="use lower-case letters, digits and '-', starting with a letter",
)
"""Of the whole object, whose metadata is the only part that CEL sees besides the spec."""

SPEC_RULES = (
    Rule(
        field="gpus",
        cel="self.gpus % self.gpusPerHost == 0 || self.gpus < self.gpusPerHost",
        holds=lambda spec: spec["gpus"] % spec["gpusPerHost"] == 0 or spec["gpus"] < spec["gpusPerHost"],
        got="{gpus}",
        expected="whole hosts of {gpusPerHost} GPUs, or fewer GPUs than one host has",
        remedy="use a multiple of {gpusPerHost}",
    ),
    Rule(
        field="parallelism",
        # As doubles: four degrees of 131,072 overflow CEL's integers, and doubles are exact up to 2^53.
        cel="!has(self.parallelism) || double(self.parallelism.tensor) * double(self.parallelism.context)"
        " * double(self.parallelism.pipeline) * double(self.parallelism.data) == double(self.gpus)",
        holds=lambda spec: (
            "parallelism" not in spec
            or math.prod(spec["parallelism"][each] for each in ("tensor", "context", "pipeline", "data"))
            == spec["gpus"]
        ),
        got="tensor {parallelism.tensor} × context {parallelism.context} × pipeline {parallelism.pipeline}"
        " × data {parallelism.data}",
        expected="a product of {gpus}, the number of GPUs",
        remedy="change data parallelism or gpus, or let `rackwright size` write the job",
    ),
    Rule(
        field="parallelism.expert",
        cel="!has(self.parallelism) || self.parallelism.tensor * self.parallelism.context * self.parallelism.data"
        " % self.parallelism.expert == 0",
        holds=lambda spec: (
            "parallelism" not in spec
            or math.prod(spec["parallelism"][each] for each in ("tensor", "context", "data"))
            % spec["parallelism"]["expert"]
            == 0
        ),
        got="{parallelism.expert}",
        expected="a divisor of tensor {parallelism.tensor} × context {parallelism.context}"
        " × data {parallelism.data}, whose ranks experts share",
        remedy="use a smaller power of two that divides it",
    ),
    Rule(
        field="topology.preferred",
        cel="!(has(self.topology.required) && has(self.topology.preferred))",
        holds=lambda spec: not {"required", "preferred"} <= spec["topology"].keys(),
        got="{topology.preferred}",
        expected="at most one of required and preferred",
        remedy="remove preferred, since required ({topology.required}) is stricter",
    ),
    Rule(
        field="topology.slice.hosts",
        cel="!has(self.topology.slice) || (self.gpus < self.gpusPerHost ? 1 : self.gpus / self.gpusPerHost)"
        " % self.topology.slice.hosts == 0",
        holds=lambda spec: (
            "slice" not in spec["topology"]
            or max(1, spec["gpus"] // spec["gpusPerHost"]) % spec["topology"]["slice"]["hosts"] == 0
        ),
        got="{topology.slice.hosts}",
        expected="a divisor of the gang's number of hosts ({gpus} GPUs, {gpusPerHost} on each host)",
        remedy="use the hosts of one tensor or pipeline group",
    ),
    Rule(
        field="checkpoint",
        cel="!has(self.checkpoint) || has(self.checkpoint.claim) || has(self.checkpoint.bucket)",
        holds=lambda spec: "checkpoint" not in spec or bool({"claim", "bucket"} & spec["checkpoint"].keys()),
        got="neither claim nor bucket",
        expected="exactly one of claim and bucket",
        remedy="add checkpoint.claim, a PersistentVolumeClaim, or checkpoint.bucket, a URL",
    ),
    Rule(
        field="checkpoint.bucket",
        cel="!has(self.checkpoint) || !(has(self.checkpoint.claim) && has(self.checkpoint.bucket))",
        holds=lambda spec: "checkpoint" not in spec or not {"claim", "bucket"} <= spec["checkpoint"].keys(),
        got="{checkpoint.bucket} beside claim {checkpoint.claim}",
        expected="exactly one of claim and bucket",
        remedy="remove one of the two",
    ),
)
"""Of the spec."""

FROZEN_FIELDS = (
    FrozenField(name="image"),
    FrozenField(name="command"),
    FrozenField(name="args"),
    FrozenField(name="env"),
    FrozenField(name="gpus"),
    FrozenField(name="gpusPerHost"),
    FrozenField(name="parallelism", required=False),
    FrozenField(name="queue"),
    FrozenField(name="topology"),
    FrozenField(name="checkpoint", required=False),
    FrozenField(name="failurePolicy"),
)
"""What the pods are made of, and JobSet's own immutable failure policy."""

FROZEN_EXPECTED = "no change while the job isn't suspended"
FROZEN_REMEDY = "suspend the job first (spec.suspend: true), then change it, then resume it"

PLACEHOLDER = re.compile(r"\{([A-Za-z.]+)\}")


def message(*, got: str, expected: str, remedy: str) -> str:
    """The sentences of a refusal, as `rackwright.specs.documents.Problem` writes them."""
    return f"got {got}; expected {expected}. {remedy[:1].upper()}{remedy[1:]}."


def cel_message(text: str) -> str:
    """A CEL expression for `text`, with its `{path}`s read from the scope.

    By `format`, since the API server can't bound the cost of joining strings whose length it doesn't know.
    """
    pattern = PLACEHOLDER.sub("%s", text.replace("%", "%%").replace("\\", "\\\\").replace("'", "\\'"))
    paths = ", ".join(f"self.{path}" for path in PLACEHOLDER.findall(text))
    return f"'{pattern}'.format([{paths}])"


def fill(text: str, values: Values) -> str:
    """`text` with its `{path}`s read from `values`."""

    def read(match: re.Match[str]) -> str:
        value: Any = values
        for name in match[1].split("."):
            value = value[name]
        return str(value)

    return PLACEHOLDER.sub(read, text)


def check(rules: tuple[Rule, ...], values: Values) -> None:
    """Refuse `values` by the first rule that doesn't hold."""
    for rule in rules:
        if not rule.holds(values):
            refuse(
                field=rule.field,
                value=Literally(fill(rule.got, values)),
                expected=fill(rule.expected, values),
                remedy=fill(rule.remedy, values),
            )


class Literally(str):
    """A value that messages show as it is: what was got, in words."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def changed_frozen_fields(old: Values, new: Values) -> tuple[str, ...]:
    """Fields of the spec that differ though the job is suspended neither before nor after; the API server refuses."""
    if old["suspend"] or new["suspend"]:
        return ()
    return tuple(each.name for each in FROZEN_FIELDS if old.get(each.name) != new.get(each.name))
