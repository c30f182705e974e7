"""What the part inside a cluster learns of the part before it, by the names of their stacks."""

from __future__ import annotations

import shutil
from functools import partial

import pulumi

from rackwright.access import server, unreachable, way_there
from rackwright.specs.api_access import ApiAccess
from rackwright.specs.stacks import CLOUD, INSIDE

NO_OCI = (
    "the program `oci`, from which the cluster's kubeconfig gets its tokens, isn't on PATH: install Oracle's command "
    "line (docs.oracle.com, CLI installation), or put it there"
)


def cloud_part() -> pulumi.StackReference:
    """The stack of the same cluster's other part; `pulumi.RunError` where this stack's name doesn't tell its name."""
    own = pulumi.get_stack()
    if not own.endswith(INSIDE):
        raise pulumi.RunError(
            f"the stack {own} is a cluster's part inside, so its name must end with {INSIDE}: the other part's ends "
            f"with {CLOUD} and is otherwise the same"
        )
    name = f"{own.removesuffix(INSIDE)}{CLOUD}"
    return pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{name}")


def kubeconfig(cloud: pulumi.StackReference, access: ApiAccess) -> pulumi.Output[str]:
    """The cluster's kubeconfig; end in one sentence, before anything is tried, where its API doesn't answer."""
    if shutil.which("oci") is None:
        raise pulumi.RunError(NO_OCI)
    return cloud.require_output("kubeconfig").apply(partial(_reached, access))


def _reached(access: ApiAccess, text: str) -> str:
    if reason := unreachable(text):
        raise pulumi.RunError(
            f"the cluster's API {server(text)} can't be reached from here ({reason}); to get there, {way_there(access)}"
        )
    return text
