"""Rackwright's own operator and the kind of object that it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from rackwright.rendering import operator_objects
from rackwright.rendering.templates import templates_directory
from rackwright.specs import ClusterSpec
from stacks.components.objects import declare_objects


@dataclass(frozen=True, kw_only=True)
class OperatorArgs:
    """What the operator is made from."""

    spec: ClusterSpec


class Operator(pulumi.ComponentResource):
    """The TrainingJob's definition, and the operator with its identity, rights and knowledge of the cluster."""

    def __init__(self, name: str, args: OperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("rackwright:operator:Operator", name, {}, opts)
        definitions = declare_objects(definition_objects(), parent=self)
        declare_objects(operator_objects(args.spec), parent=self, depends_on=definitions)
        self.register_outputs({"image": args.spec.platform.operator.image})


def definition_objects() -> list[dict[str, Any]]:
    """The definitions of our own kinds, from `manifests/crds/` (generated files, no templates)."""
    paths = sorted((templates_directory() / "crds").glob("*.yaml"))
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]
