"""Object storage: buckets."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from rehearsal.cloud.behaviours import Behaviour, Context
from rehearsal.cloud.errors import OracleError, invalid
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.state import Record

NAME = re.compile(r"[A-Za-z0-9._-]{1,256}")
"""Letters, digits, '-', '_' and '.', at most 256 (docs.oracle.com, "Object Storage Buckets")."""


def namespace(context: Context) -> str:
    """The tenancy's namespace: it has one, and can't choose it."""
    return f"sim{context.cloud.seed[:9]}"


def _check_bucket(context: Context, bucket: Record) -> None:
    name = bucket.inputs["name"]
    if not NAME.fullmatch(name):
        raise invalid(f"name: {name!r} is no bucket name: at most 256 letters, digits, '-', '_' and '.'")
    if bucket.inputs["namespace"] != namespace(context):
        message = f"The namespace {bucket.inputs['namespace']!r} does not exist"
        raise OracleError(HTTPStatus.NOT_FOUND, "NamespaceNotFound", message)


def _compute_bucket(context: Context, bucket: Record) -> dict[str, Any]:
    return {
        "bucketId": bucket.outputs.get("bucketId") or ocid("bucket", context.region.key),
        "approximateCount": "0",
        "approximateSize": "0",
        "isReadOnly": False,
        "replicationEnabled": False,
    }


def _bucket_id(bucket: Record) -> str:
    """As the provider names what is known by its name."""
    return f"n/{bucket.inputs['namespace']}/b/{bucket.inputs['name']}"


BEHAVIOURS = {
    "oci:ObjectStorage/bucket:Bucket": Behaviour(
        kind=None,
        state=None,
        identifier=_bucket_id,
        check=_check_bucket,
        compute=_compute_bucket,
        defaults={"accessType": "NoPublicAccess", "storageTier": "Standard", "versioning": "Disabled"},
    )
}
