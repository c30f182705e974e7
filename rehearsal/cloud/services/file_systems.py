"""Shared file systems: File Storage (NFS) and File Storage with Lustre.

Sources: the documentation strings of `pulumi_oci` 5.5.0; docs.oracle.com, "Managing File Storage with Lustre File
Systems" and "Updating Mount Target Performance"; oracle-quickstart/oci-hpc-oke, terraform/schema.yaml for Lustre's
capacities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context, now
from rehearsal.cloud.constraints import only_choice
from rehearsal.cloud.errors import conflict, invalid, limit_exceeded, not_found
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.services.network import free_addresses, subnet_block
from rehearsal.cloud.state import Record

LUSTRE = "oci:Lustre/fileStorageLustreFileSystem:FileStorageLustreFileSystem"
MOUNT_TARGET = "oci:FileStorage/mountTarget:MountTarget"
EXPORT = "oci:FileStorage/export:Export"

LUSTRE_NAME = re.compile(r"[A-Za-z0-9_]{1,8}")
TIERS = tuple(f"MBPS_PER_TB_{rate}" for rate in (125, 250, 500, 1000))

SMALLEST_GB = 31_200
STEP_GB = 10_400
LARGE_GB = 124_800
LARGE_STEP_GB = 41_600
"""Capacities of a Lustre file system: from the smallest in steps, and in larger steps above `LARGE_GB`. That is the
quick start's; the SDK's documentation says multiples of 5 TB instead. Which of the two holds is not verified."""

ADDRESSES_PER_100_TB = 60
"""Addresses that Lustre's servers take of their subnet, at most (docs.oracle.com, "Deploy Lustre file systems")."""

NEW_THROUGHPUT_GBIT_S = "1"
"""The only one of a new mount target; others are had by a later update (`requested_throughput`'s documentation)."""

MOUNT_TARGETS = {"1": 2, "20": 2, "40": 1, "80": 0}
"""In an availability domain by throughput, of which there are no others: the default limits."""

LUSTRE_POLICY = re.compile(
    r"allow\s+service\s+lustrefs\s+to\s+(use|manage)\s+virtual-network-family\s+in\s+tenancy\b", re.IGNORECASE
)
"""The statement without which Lustre can't attach its servers to a subnet, as Oracle's page asks for it: whether one
for a compartment does too is not verified."""


def _check_lustre(context: Context, record: Record) -> None:
    inputs = record.inputs
    context.check_domain(inputs["availabilityDomain"])
    if not LUSTRE_NAME.fullmatch(inputs["fileSystemName"]):
        raise invalid(f"fileSystemName: {inputs['fileSystemName']!r} is not 1 to 8 letters, digits and '_'")
    if inputs["performanceTier"] not in TIERS:
        raise only_choice("performanceTier", inputs["performanceTier"], TIERS)
    capacity = int(inputs["capacityInGbs"])
    _check_capacity(capacity)
    if capacity < int(record.outputs.get("capacityInGbs", 0)):
        raise invalid(f"capacityInGbs: {capacity} is less than there is; a Lustre file system can't be made smaller")
    if not any(LUSTRE_POLICY.match(statement) for statement in _statements(context)):
        raise not_found(
            f"{inputs['subnetId']}: the service lustrefs may not use it; a policy must allow service lustrefs to use "
            "virtual-network-family in tenancy"
        )
    free = subnet_block(context.resource(inputs["subnetId"])).num_addresses
    wanted = -(-capacity * ADDRESSES_PER_100_TB // 100_000)
    if free < wanted:
        raise invalid(f"subnetId: {inputs['subnetId']} has {free} addresses; the file system needs {wanted}")


def _check_capacity(capacity: int) -> None:
    base, step = (SMALLEST_GB, STEP_GB) if capacity <= LARGE_GB else (LARGE_GB, LARGE_STEP_GB)
    if capacity < SMALLEST_GB or (capacity - base) % step:
        raise invalid(
            f"capacityInGbs: {capacity} is none of a Lustre file system's: {SMALLEST_GB} and more in steps of "
            f"{STEP_GB}, above {LARGE_GB} in steps of {LARGE_STEP_GB}"
        )


def _statements(context: Context) -> Iterator[str]:
    for policy in context.cloud.of("policy"):
        yield from policy.inputs["statements"]


def _compute_lustre(context: Context, record: Record) -> dict[str, Any]:
    return {
        "lnet": "tcp",
        "majorVersion": "2.15",
        "managementServiceAddress": record.outputs.get("managementServiceAddress")
        or _free_address(context, record.inputs["subnetId"]),
        "lifecycleDetails": "",
        "timeUpdated": now(),
    }


def _check_file_system(context: Context, record: Record) -> None:
    context.check_domain(record.inputs["availabilityDomain"])


def _compute_file_system(_context: Context, _record: Record) -> dict[str, Any]:
    return {"isCloneParent": False, "meteredBytes": "0", "lifecycleDetails": ""}


def _check_mount_target(context: Context, record: Record) -> None:
    inputs, domain = record.inputs, record.inputs["availabilityDomain"]
    context.check_domain(domain)
    asked = _throughput(record)
    if asked not in MOUNT_TARGETS:
        raise only_choice("requestedThroughput", asked, tuple(MOUNT_TARGETS))
    if not record.outputs and asked != NEW_THROUGHPUT_GBIT_S:
        raise invalid(
            f"requestedThroughput: {asked} is for an existing mount target; a new one has {NEW_THROUGHPUT_GBIT_S} Gbps"
        )
    alike = [
        other
        for other in context.cloud.of("mounttarget")
        if other.id != record.id and other.inputs["availabilityDomain"] == domain and _throughput(other) == asked
    ]
    if len(alike) >= MOUNT_TARGETS[asked]:
        raise limit_exceeded(f"The limit is {MOUNT_TARGETS[asked]} mount targets of {asked} Gbps in {domain}")
    address = inputs.get("ipAddress")
    if address not in (None, record.outputs.get("ipAddress"), *map(str, free_addresses(context, inputs["subnetId"]))):
        raise invalid(f"ipAddress: {address} is no free address of {inputs['subnetId']}")


def _throughput(record: Record) -> str:
    return str(record.inputs.get("requestedThroughput") or NEW_THROUGHPUT_GBIT_S)


def _compute_mount_target(context: Context, record: Record) -> dict[str, Any]:
    before = record.outputs
    return {
        "exportSetId": before.get("exportSetId") or _export_set(context, record),
        "ipAddress": record.inputs.get("ipAddress")
        or before.get("ipAddress")
        or _free_address(context, record.inputs["subnetId"]),
        "privateIpIds": before.get("privateIpIds") or [ocid("privateip", context.region.key)],
        "requestedThroughput": _throughput(record),
        "observedThroughput": _throughput(record),
        "lifecycleDetails": "",
    }


def _export_set(context: Context, mount_target: Record) -> str:
    return context.make_along(
        mount_target,
        token="oci:FileStorage/exportSet:ExportSet",  # noqa: S106 - a type's token, no secret
        kind="exportset",
        inputs={"compartmentId": mount_target.inputs["compartmentId"]},
    )


def _check_export(context: Context, record: Record) -> None:
    path, export_set = record.inputs["path"], record.inputs["exportSetId"]
    if not path.startswith("/"):
        raise invalid(f"path: {path!r} doesn't begin with '/'")
    for other in context.cloud.of("export"):
        if other.id != record.id and (other.inputs["exportSetId"], other.inputs["path"]) == (export_set, path):
            raise conflict(f"path: {path} is exported by {other.id} already")


def _free_address(context: Context, subnet: str) -> str:
    address = next(free_addresses(context, subnet), None)
    if address is None:
        raise limit_exceeded(f"The subnet {subnet} has no free private IP address")
    return str(address)


BEHAVIOURS = {
    "oci:FileStorage/fileSystem:FileSystem": Behaviour(
        kind="filesystem", state="ACTIVE", check=_check_file_system, compute=_compute_file_system
    ),
    MOUNT_TARGET: Behaviour(
        kind="mounttarget", state="ACTIVE", check=_check_mount_target, compute=_compute_mount_target
    ),
    EXPORT: Behaviour(kind="export", state="ACTIVE", check=_check_export),
    LUSTRE: Behaviour(kind="lustrefilesystem", state="ACTIVE", check=_check_lustre, compute=_compute_lustre),
}
