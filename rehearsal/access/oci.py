"""`oci`, played: the two commands of Oracle's program that the way to a cluster's API takes.

Options as in oracle/oci-cli (`oci ce cluster generate-token`, `oci bastion session create-port-forwarding`); others are
refused in its words. Tokens are played by the certificate of who makes clusters, which a kubeconfig's `exec` may give
in their stead (Kubernetes, "client-go credential plugins").
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

from rehearsal.access import network
from rehearsal.cloud import reach
from rehearsal.cloud.behaviours import now
from rehearsal.cloud.identifiers import ocid
from rehearsal.cloud.services.bastion import SESSION, SESSION_SECONDS
from rehearsal.cloud.state import Cloud, Record, Store

USAGE_STATUS = 2
SERVICE_STATUS = 1
"""Exit codes of the real program: for its command line, and for what the service refuses."""

IDENTITY = "user-admin"
"""The certificate of who makes clusters, in the state directory's pki."""


class _Parser(argparse.ArgumentParser):
    """Refuses as the real program does."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"Error: {message}\n")
        raise SystemExit(USAGE_STATUS)


def _parser() -> argparse.ArgumentParser:
    shared = _Parser(add_help=False, allow_abbrev=False)
    for option in ("--region", "--profile", "--config-file", "--auth", "--query"):
        shared.add_argument(option)
    shared.add_argument("--raw-output", action="store_true")
    parser = _Parser(prog="oci", allow_abbrev=False)
    services = parser.add_subparsers(required=True)
    cluster = services.add_parser("ce").add_subparsers(required=True).add_parser("cluster")
    token = cluster.add_subparsers(required=True).add_parser("generate-token", parents=[shared], allow_abbrev=False)
    token.add_argument("--cluster-id", required=True)
    token.set_defaults(run=generate_token)
    session = services.add_parser("bastion").add_subparsers(required=True).add_parser("session")
    create = session.add_subparsers(required=True).add_parser(
        "create-port-forwarding", parents=[shared], allow_abbrev=False
    )
    for option in ("--bastion-id", "--ssh-public-key-file"):
        create.add_argument(option, required=True)
    for option in ("--target-private-ip", "--display-name", "--wait-for-state"):
        create.add_argument(option)
    create.add_argument("--target-port", type=int)
    create.add_argument("--session-ttl", type=int, default=SESSION_SECONDS.start)
    create.set_defaults(run=create_session)
    return parser


def generate_token(directory: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The credentials of who makes clusters."""
    cluster = Store(directory).read().records.get(arguments.cluster_id)
    if cluster is None:
        _refuse(f"NotAuthorizedOrNotFound: {arguments.cluster_id}")
    if arguments.region != cluster.region:
        _refuse(f"NotAuthorizedOrNotFound: {cluster.id} is in {cluster.region}, not in {arguments.region}")
    pair = {name: (directory / "pki" / f"{IDENTITY}.{end}").read_text() for name, end in _PARTS.items()}
    return {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": pair}


_PARTS = {"clientCertificateData": "crt", "clientKeyData": "key"}


def create_session(directory: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """A session on a bastion, and the request that made it, whose resource it is."""
    if not Path(arguments.ssh_public_key_file).expanduser().is_file():
        _refuse(f"[Errno 2] No such file or directory: {arguments.ssh_public_key_file!r}", status=USAGE_STATUS)
    context = network.context(directory)
    with Store(directory).transaction() as cloud:
        bastion = _bastion(cloud, arguments.bastion_id)
        longest = bastion.outputs["maxSessionTtlInSeconds"]
        if not SESSION_SECONDS.start <= arguments.session_ttl <= longest:
            _refuse(f"InvalidParameter: session-ttl must be between {SESSION_SECONDS.start} and {longest}")
        inputs = {
            "bastionId": bastion.id,
            "address": arguments.target_private_ip,
            "port": arguments.target_port or reach.API_PORT,
        }
        session = Record(
            id=ocid("bastionsession", context.region.key),
            token=SESSION,
            region=bastion.region,
            inputs=inputs,
            outputs={"state": "ACTIVE", "timeCreated": now()},
            made_with=bastion.id,
        )
        cloud.records[session.id] = session
    return {"data": {"resources": [{"identifier": session.id}], "status": "SUCCEEDED"}}


def _bastion(cloud: Cloud, identifier: str) -> Record:
    found = cloud.records.get(identifier)
    if found is None or found.kind != "bastion":
        _refuse(f"NotAuthorizedOrNotFound: {identifier}")
    return found


def _refuse(message: str, *, status: int = SERVICE_STATUS) -> NoReturn:
    sys.stderr.write(f"ServiceError: {message}\n")
    raise SystemExit(status)


def queried(document: dict[str, Any], query: str) -> Any:  # noqa: ANN401  # any JSON value
    """What a path of names and numbers (`data.resources[0].identifier`) finds, of all that JMESPath can."""
    value: Any = document
    for name, number in re.findall(r"(\w+)|\[(\d+)\]", query):
        value = value[name] if name else value[int(number)]
    return value


def main() -> None:
    """Run one command: `python -m rehearsal.access.oci DIR ARGUMENTS…`."""
    directory, arguments = Path(sys.argv[1]), _parser().parse_args(sys.argv[2:])
    answer = arguments.run(directory, arguments)
    if arguments.query:
        answer = queried(answer, arguments.query)
    raw = arguments.raw_output and isinstance(answer, str)
    sys.stdout.write((answer if raw else json.dumps(answer, indent=2)) + "\n")


if __name__ == "__main__":
    main()
