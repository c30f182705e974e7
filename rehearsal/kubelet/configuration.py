"""Moving the listeners in a controller's configuration file. Nothing else in the file is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from rehearsal.kubelet.addresses import LOOPBACK, LocalPorts, map_listen_address
from rehearsal.kubelet.errors import configuration_error
from rehearsal.kubelet.paths import Mount, map_paths
from rehearsal.kubelet.programs import ControllerConfiguration

CONFIGURATION_FLAG = "--config="
FEATURE_GATES_FLAG = "--feature-gates="


def adapted(
    text: str, *, program: ControllerConfiguration, ports: LocalPorts, mounts: Sequence[Mount], namespace: str
) -> str:
    """The configuration with its listeners on 127.0.0.1, its certificates in the state directory, and its namespace.

    Where the file is silent, the program's own default is what is moved. Raise `ContainerError` when it is no YAML
    mapping.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise configuration_error(f"the controller's configuration is no YAML: {error}") from error
    if not isinstance(document, dict):
        raise configuration_error("the controller's configuration is no YAML mapping")
    _move_address(_section(document, "health"), "healthProbeBindAddress", program.health_port, ports)
    _move_address(_section(document, "metrics"), "bindAddress", program.metrics_port, ports)
    if "pprofBindAddress" in document:
        document["pprofBindAddress"] = map_listen_address(document["pprofBindAddress"], ports)
    webhook = _section(document, "webhook")
    webhook["host"] = LOOPBACK
    webhook["port"] = ports.local(webhook.get("port") or program.webhook_port)
    webhook["certDir"] = map_paths(webhook.get("certDir") or program.certificate_directory, mounts)
    _section(document, "leaderElection").setdefault("resourceNamespace", namespace)
    if program.names_namespace:
        document.setdefault("namespace", namespace)
    return str(yaml.safe_dump(document, sort_keys=False))


def without_gates(arguments: Sequence[str], text: str, *, program: ControllerConfiguration) -> tuple[list[str], str]:
    """Arguments and configuration with the program's gates off, said where the pod says its other gates.

    Kueue refuses gates in both places, so they stay where they are; the configuration is the place for none.
    """
    if not program.gates_off:
        return list(arguments), text
    flag = next((argument for argument in arguments if argument.startswith(FEATURE_GATES_FLAG)), None)
    if flag is None:
        document = yaml.safe_load(text)
        _section(document, "featureGates").update(dict.fromkeys(program.gates_off, False))
        return list(arguments), str(yaml.safe_dump(document, sort_keys=False))
    gates = dict(gate.split("=", 1) for gate in flag.removeprefix(FEATURE_GATES_FLAG).split(",") if gate)
    gates.update(dict.fromkeys(program.gates_off, "false"))
    moved = FEATURE_GATES_FLAG + ",".join(f"{name}={value}" for name, value in gates.items())
    return [moved if argument == flag else argument for argument in arguments], text


def _section(document: dict[str, Any], key: str) -> dict[str, Any]:
    section = document.get(key)
    if section is None:
        section = document[key] = {}
    if not isinstance(section, dict):
        raise configuration_error(f"the controller's configuration has {key!r} that is no mapping")
    return section


def _move_address(section: dict[str, Any], key: str, default_port: int, ports: LocalPorts) -> None:
    section[key] = map_listen_address(section.get(key) or f":{default_port}", ports)
