"""What is run for a container."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.kubelet.addresses import LocalPorts
from rehearsal.kubelet.cluster import Server
from rehearsal.kubelet.errors import ContainerError
from rehearsal.kubelet.launching import SERVICE_ACCOUNT_PATH, Launch, command_line, launch
from rehearsal.kubelet.paths import Mount
from rehearsal.kubelet.programs import JOBSET, KUEUE, OPERATOR, KnownProgram
from tests.rehearsal.kubelet.samples import container, pod

pytestmark = pytest.mark.pure

PROGRAM = Path("/tools/program")


def decided(tmp_path: Path, program: KnownProgram, variables: dict[str, str] | None = None, **fields: Any) -> Launch:  # noqa: ANN401  # any field of a container
    """The launch of a container with its service account mounted and a volume at /etc/app."""
    numbers = count(40001)
    return launch(
        container(**fields),
        pod=pod(),
        program=program,
        executable=PROGRAM,
        variables=variables or {},
        mounts=[
            Mount(path=SERVICE_ACCOUNT_PATH, local=tmp_path / "account"),
            Mount(path="/etc/app", local=tmp_path / "app"),
        ],
        ports=LocalPorts(allocate=lambda: next(numbers)),
        server=Server(url="https://127.0.0.1:6443", authority=Path("/ca.crt")),
        directory=tmp_path,
    )


def test_the_images_executable_is_replaced_and_the_arguments_kept() -> None:
    assert command_line(container(command=["/manager", "-a"], args=["-b"]), KUEUE, PROGRAM) == [
        str(PROGRAM),
        "-a",
        "-b",
    ]
    assert command_line(container(), OPERATOR, PROGRAM) == [str(PROGRAM), "-m", "operators"]


def test_another_executable_is_refused() -> None:
    with pytest.raises(ContainerError, match="not 'sh'"):
        command_line(container(command=["sh", "-c", "true"]), KUEUE, PROGRAM)


def test_arguments_and_variables_are_expanded_and_mapped(tmp_path: Path) -> None:
    found = decided(
        tmp_path,
        OPERATOR,
        {"LISTEN": ":8080", "FILE": "/etc/app/x"},
        args=["--listen=$(LISTEN)", "--at=$(KUBERNETES_SERVICE_PORT)", "/etc/app"],
    )
    assert found.arguments[3:] == ["--listen=127.0.0.1:40001", "--at=6443", str(tmp_path / "app")]
    assert found.environment["LISTEN"] == "127.0.0.1:40001"
    assert found.environment["FILE"] == str(tmp_path / "app" / "x")


def test_the_kubeconfig_names_the_token_and_holds_none(tmp_path: Path) -> None:
    found = decided(tmp_path, OPERATOR)
    document = yaml.safe_load(Path(found.environment["KUBECONFIG"]).read_text(encoding="utf-8"))
    assert document["users"] == [
        {"name": "service-account", "user": {"tokenFile": str(tmp_path / "account" / "token")}}
    ]
    assert document["clusters"][0]["cluster"] == {
        "server": "https://127.0.0.1:6443",
        "certificate-authority": str(tmp_path / "account" / "ca.crt"),
    }
    assert document["contexts"][0]["context"]["namespace"] == "prod"


def test_the_kubelets_own_environment_stays_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "secret")
    assert "secret" not in decided(tmp_path, OPERATOR).environment.values()


def test_a_controllers_configuration_is_moved(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "c.yaml").write_text("kind: Configuration", encoding="utf-8")
    found = decided(tmp_path, KUEUE, args=["--config=/etc/app/c.yaml"])
    path = Path(found.arguments[1].removeprefix("--config="))
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["webhook"]["host"] == "127.0.0.1"


def test_a_missing_configuration_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContainerError, match=r"/etc/app/c\.yaml can't be read"):
        decided(tmp_path, KUEUE, args=["--config=/etc/app/c.yaml"])


def test_jobset_outside_its_namespace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContainerError, match="install it in 'jobset-system'"):
        decided(tmp_path, JOBSET)
