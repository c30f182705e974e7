"""`oci` and `ssh`, played: what they take and refuse, by the commands that a stack puts out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rackwright.access import Identity, tunnel_commands
from rehearsal.access import programs
from rehearsal.state import StateDirectory
from tests.rehearsal.cloud.account import Account, account_in

pytestmark = pytest.mark.mocked

REGION = "us-chicago-1"


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account with the played programs beside it."""
    made = account_in(tmp_path)
    programs.install(StateDirectory(tmp_path), python=Path(sys.executable))
    (tmp_path / "key").touch()
    (tmp_path / "key.pub").touch()
    return made


def shell(account: Account, command: str) -> subprocess.CompletedProcess[str]:
    directory = account.oracle.directory
    path = os.pathsep.join([str(programs.folder(StateDirectory(directory))), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "SSH_KEY": str(directory / "key")}
    return subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False)


def bastion(account: Account, *allowed: str) -> str:
    vcn = account.vcn()
    account.cluster(vcn, endpointConfig={"subnetId": account.subnet(vcn, "10.140.0.0/29")})
    foot = account.subnet(vcn, "10.140.0.16/29")
    return account.make(
        "oci:Bastion/bastion:Bastion",
        name="b",
        bastionType="STANDARD",
        targetSubnetId=foot,
        clientCidrBlockAllowLists=list(allowed),
    )


def commands(bastion_id: str) -> str:
    return tunnel_commands(
        bastion_id=bastion_id, api_host="10.140.0.2", region=REGION, identity=Identity(profile="P"), port=0
    )


def test_who_isn_t_on_the_bastion_s_list_gets_a_session_and_no_connection(account: Account) -> None:
    done = shell(account, commands(bastion(account, "198.51.100.0/24")))
    assert done.returncode == 255
    assert "Connection timed out (203.0.113.1 is in none of the bastion's allowed ranges" in done.stderr


def test_without_a_bastion_there_is_no_session(account: Account) -> None:
    bastion(account)
    done = shell(account, commands("ocid1.bastion.oc1.us-chicago-1.gone"))
    assert done.returncode == 1
    assert "NotAuthorizedOrNotFound" in done.stderr


def test_an_option_that_the_real_program_hasn_t_is_refused(account: Account) -> None:
    done = shell(account, "oci ce cluster generate-token --cluster-id x --cluster-name y")
    assert done.returncode == 2
    assert "--cluster-name" in done.stderr


def test_tokens_are_for_a_cluster_of_the_region(account: Account) -> None:
    pki = account.oracle.directory / "pki"
    pki.mkdir()
    for end in ("crt", "key"):
        (pki / f"user-admin.{end}").write_text(end)
    cluster = account.cluster(account.vcn())
    done = shell(account, f"oci ce cluster generate-token --cluster-id {cluster} --region {REGION}")
    assert json.loads(done.stdout)["status"] == {"clientCertificateData": "crt", "clientKeyData": "key"}
    elsewhere = shell(account, f"oci ce cluster generate-token --cluster-id {cluster} --region us-ashburn-1")
    assert elsewhere.returncode == 1
    assert "is in us-chicago-1, not in us-ashburn-1" in elsewhere.stderr
