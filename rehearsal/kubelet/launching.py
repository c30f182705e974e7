"""What is run for a container: command line, environment, files. Decided here, done in `processes`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from rehearsal.api_server import Object
from rehearsal.kubelet import configuration, environment
from rehearsal.kubelet.addresses import LocalPorts, map_argument, map_listen_address
from rehearsal.kubelet.cluster import Server
from rehearsal.kubelet.errors import ContainerError, configuration_error, unsupported
from rehearsal.kubelet.paths import Mount, map_paths
from rehearsal.kubelet.programs import ControllerConfiguration, KnownProgram

POD_UID = "RACKWRIGHT_REHEARSAL_POD"
"""The environment variable that tells which pod a process belongs to (beside the rehearsal's own mark)."""

SERVICE_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where Kubernetes mounts a service account's token, and where client libraries look for it."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A process to start."""

    arguments: list[str]
    environment: dict[str, str]
    directory: Path
    """Its working directory."""
    mounts: Sequence[Mount]
    """Where the container's mounts are, for commands that are run beside it (exec probes)."""


def command_line(container: Object, program: KnownProgram, executable: Path) -> list[str]:
    """Command and arguments as a container runtime joins them, the first word being this machine's program."""
    command: Sequence[str] = container.get("command") or program.entrypoint
    if command[0] not in program.executables:
        raise ContainerError(
            "CreateContainerError",
            f"the image {program.image} stands for a program whose command is {' or '.join(program.executables)}, "
            f"not {command[0]!r}",
        )
    return [str(executable), *command[1:], *(container.get("args") or [])]


def launch(
    container: Object,
    *,
    pod: Object,
    program: KnownProgram,
    executable: Path,
    variables: Mapping[str, str],
    mounts: Sequence[Mount],
    ports: LocalPorts,
    server: Server,
    directory: Path,
) -> Launch:
    """Decide how a container runs, and write the files of its own that this takes (kubeconfig, moved configuration).

    `variables` are the container's own (`environment.environment`), `directory` is the container's folder.
    """
    namespace = pod["metadata"]["namespace"]
    if program.only_namespace not in (None, namespace):
        raise unsupported(
            f"{program.image} in namespace {namespace!r}: install it in {program.only_namespace!r}, the only one that "
            f"it finds outside a real pod"
        )
    variables = {**_service_variables(server), **variables}
    expanded = [environment.expand(word, variables) for word in command_line(container, program, executable)]
    if program.configuration is not None:
        expanded, moved = _move_configuration(
            expanded, program.configuration, mounts=mounts, ports=ports, namespace=namespace, directory=directory
        )
        mounts = [*mounts, moved]
    for port in container.get("ports", []):
        ports.local(port["containerPort"])
    return Launch(
        arguments=[expanded[0], *(map_paths(map_argument(word, ports), mounts) for word in expanded[1:])],
        environment={
            **_machine_variables(directory),
            "HOSTNAME": pod["metadata"]["name"],
            **_client_variables(mounts, server, namespace, directory),
            **{name: map_paths(map_listen_address(value, ports), mounts) for name, value in variables.items()},
        },
        directory=directory,
        mounts=mounts,
    )


def _service_variables(server: Server) -> dict[str, str]:
    """The variables by which every container finds the API server; here its address is the real one."""
    address = server.url.removeprefix("https://")
    host, _, port = address.rpartition(":")
    return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "KUBERNETES_SERVICE_PORT_HTTPS": port}


def _machine_variables(directory: Path) -> dict[str, str]:
    """What any process here needs, and nothing else of the kubelet's own environment."""
    temporary = directory / "tmp"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(directory), "TMPDIR": str(temporary)}


def _client_variables(mounts: Sequence[Mount], server: Server, namespace: str, directory: Path) -> dict[str, str]:
    """KUBECONFIG for the pod's service account, if the pod mounts its token."""
    account = next((mount.local for mount in mounts if mount.path == SERVICE_ACCOUNT_PATH), None)
    if account is None:
        return {}
    path = directory / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig(account, server=server, namespace=namespace)), encoding="utf-8")
    return {"KUBECONFIG": str(path)}


def kubeconfig(account: Path, *, server: Server, namespace: str) -> Object:
    """A kubeconfig that says what a pod's in-cluster configuration says, naming the mounted token and authority."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "cluster", "cluster": {"server": server.url, "certificate-authority": str(account / "ca.crt")}}
        ],
        "users": [{"name": "service-account", "user": {"tokenFile": str(account / "token")}}],
        "contexts": [
            {"name": "pod", "context": {"cluster": "cluster", "user": "service-account", "namespace": namespace}}
        ],
        "current-context": "pod",
    }


def _move_configuration(
    arguments: list[str],
    program: ControllerConfiguration,
    *,
    mounts: Sequence[Mount],
    ports: LocalPorts,
    namespace: str,
    directory: Path,
) -> tuple[list[str], Mount]:
    """Write the moved configuration file; return the arguments and the mount that stands it in the old one's place."""
    flag = next((word for word in arguments if word.startswith(configuration.CONFIGURATION_FLAG)), None)
    if flag is None:
        raise unsupported(f"a controller without {configuration.CONFIGURATION_FLAG}FILE")
    path = flag.removeprefix(configuration.CONFIGURATION_FLAG)
    try:
        with open(map_paths(path, mounts), encoding="utf-8") as file:  # noqa: PTH123  # a text, mapped from a text
            text = file.read()
    except OSError as error:
        raise configuration_error(f"the configuration file {path} can't be read: {error.strerror}") from error
    text = configuration.adapted(text, program=program, ports=ports, mounts=mounts, namespace=namespace)
    arguments, text = configuration.without_gates(arguments, text, program=program)
    target = directory / "configuration.yaml"
    target.write_text(text, encoding="utf-8")
    return arguments, Mount(path=path, local=target)
