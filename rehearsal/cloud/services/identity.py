"""Identity: dynamic groups and policies. They are kept and checked, but nobody is held to them."""

from __future__ import annotations

from http import HTTPStatus

from rehearsal.cloud.behaviours import Behaviour, Context
from rehearsal.cloud.errors import OracleError, invalid
from rehearsal.cloud.identifiers import kind_of
from rehearsal.cloud.state import Record

VERBS = ("allow", "define", "endorse", "admit", "deny")
"""With which a policy statement begins (docs.oracle.com, "Policy Syntax")."""

MAX_STATEMENTS = 50
"""Statements in one policy (docs.oracle.com, "IAM Limits")."""


def _check_name(context: Context, record: Record) -> None:
    for other in context.cloud.records.values():
        same = other.token == record.token and other.inputs.get("name") == record.inputs.get("name")
        if same and other.id != record.id and other.inputs.get("compartmentId") == record.inputs.get("compartmentId"):
            kind = record.token.rpartition(":")[2]
            message = f"{kind} {record.inputs.get('name')!r} already exists"
            raise OracleError(HTTPStatus.CONFLICT, "EntityAlreadyExists", message)


def _check_group(context: Context, group: Record) -> None:
    if kind_of(group.inputs["compartmentId"]) != "tenancy":
        raise invalid("compartmentId: a dynamic group belongs to the tenancy, the root compartment")
    rule = group.inputs["matchingRule"]
    if rule.count("{") != rule.count("}") or "=" not in rule:
        raise invalid(f"matchingRule: {rule!r} is no rule, such as ALL {{instance.compartment.id = '…'}}")
    _check_name(context, group)


def _check_policy(context: Context, policy: Record) -> None:
    statements = policy.inputs["statements"]
    if not 1 <= len(statements) <= MAX_STATEMENTS:
        raise invalid(f"statements: {len(statements)} given; a policy has 1 to {MAX_STATEMENTS}")
    for statement in statements:
        if statement.split(" ", 1)[0].lower() not in VERBS:
            raise invalid(f"No permissions found in the statement {statement!r}")
    _check_name(context, policy)


BEHAVIOURS = {
    "oci:Identity/dynamicGroup:DynamicGroup": Behaviour(
        kind="dynamicgroup", state="ACTIVE", is_global=True, check=_check_group
    ),
    "oci:Identity/policy:Policy": Behaviour(kind="policy", state="ACTIVE", is_global=True, check=_check_policy),
}
