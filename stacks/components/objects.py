"""Rendered Kubernetes objects as Pulumi resources, one by one.

`pulumi_kubernetes.apiextensions.CustomResource` takes nothing but `metadata` and `spec`, and would drop a ConfigMap's
data or a role's rules; so objects are registered here as they are, under the same type tokens as the SDK's classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pulumi

Manifest = dict[str, Any]


class KubernetesObject(pulumi.CustomResource):
    """One object, exactly as rendered. Its names in Pulumi and in Kubernetes follow from it."""

    def __init__(self, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_token(manifest), resource_name(manifest), dict(manifest), opts)


def type_token(manifest: Manifest) -> str:
    """The type that the SDK's class for this kind has; the core group has no name in Kubernetes, and one in Pulumi."""
    version = manifest["apiVersion"]
    return f"kubernetes:{'core/v1' if version == 'v1' else version}:{manifest['kind']}"


def resource_name(manifest: Manifest) -> str:
    """A name that no other object of the program has, since none has it on the cluster."""
    metadata = manifest["metadata"]
    return "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata["name"]) if part)


class ObjectGroup(pulumi.ComponentResource):
    """Objects of one purpose under one name, in the order of their creation.

    Each purpose has a type token of its own: tokens are part of the objects' URNs, so another one would replace them,
    and with the teams' namespaces end all of their jobs.
    """

    def __init__(self, type_: str, name: str, objects: Sequence[Manifest], opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_, name, {}, opts)
        declare_objects(objects, parent=self)
        self.register_outputs({})


def declare_objects(objects: Sequence[Manifest], *, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """Declare the objects in their order: those of one kind together, after all of the kinds before.

    So namespaces come before what is in them and rights before who needs them, and deletion goes backwards.
    """
    declared: list[pulumi.Resource] = []
    before: list[pulumi.Resource] = []
    for _, alike in groupby(objects, key=type_token):
        stage: list[pulumi.Resource] = [
            KubernetesObject(manifest, pulumi.ResourceOptions(parent=parent, depends_on=before)) for manifest in alike
        ]
        declared += stage
        before = stage
    return declared
