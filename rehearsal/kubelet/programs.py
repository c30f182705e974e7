"""The programs that the process kubelet knows by their images.

An image that stands here is not pulled: the rehearsal runs the same version of the program, built from source. Any
other image is played by KWOK.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.tools import Toolbox


@dataclass(frozen=True, kw_only=True)
class ControllerConfiguration:
    """What must be said in the configuration file of a controller-runtime manager to move its listeners.

    The defaults are the programs' own; they count where the file is silent.
    """

    health_port: int
    metrics_port: int
    webhook_port: int
    certificate_directory: str
    names_namespace: bool
    """Whether the file has a `namespace`; the program otherwise reads it from a fixed path inside a pod."""
    gates_off: tuple[str, ...] = ()
    """Feature gates whose servers have a fixed port on all addresses and so can't run here."""
    unserved_api_port: int | None = None
    """The port of an aggregated API that is off for the same reason; `unserved` answers there."""


@dataclass(frozen=True, kw_only=True)
class KnownProgram:
    """An image, and what stands for it on this machine."""

    image: str
    """The repository, without tag and digest."""
    entrypoint: tuple[str, ...]
    """The image's entrypoint, for containers that declare no command."""
    executables: tuple[str, ...]
    """First words of a command that mean this program."""
    tool: str | None
    """The program's name in the toolbox; None for this Python interpreter."""
    configuration: ControllerConfiguration | None = None
    """For programs that take `--config=FILE`."""
    only_namespace: str | None = None
    """The one namespace in which the program works outside a real pod."""
    marker: Path | None = None
    """A fixed path whose existence, not content, the program waits for."""


_WEBHOOK_CERTIFICATES = "/tmp/k8s-webhook-server/serving-certs"  # noqa: S108  # controller-runtime's fixed default, not a file of ours

KUEUE = KnownProgram(
    image="registry.k8s.io/kueue/kueue",
    entrypoint=("/manager",),
    executables=("/manager",),
    tool="kueue",
    configuration=ControllerConfiguration(  # kueue v0.15.0, apis/config/v1beta2/defaults.go
        health_port=8081,
        metrics_port=8443,
        webhook_port=9443,
        certificate_directory=_WEBHOOK_CERTIFICATES,
        names_namespace=True,
        # pkg/visibility/server.go: port 8082 on all addresses, and an in-cluster configuration from a fixed path
        gates_off=("VisibilityOnDemand",),
        unserved_api_port=8082,
    ),
)

JOBSET = KnownProgram(
    image="registry.k8s.io/jobset/jobset",
    entrypoint=("/manager",),
    executables=("/manager",),
    tool="jobset",
    configuration=ControllerConfiguration(  # jobset v0.11.1, api/config/v1alpha1/defaults.go
        health_port=8081,
        metrics_port=8443,
        webhook_port=9443,
        certificate_directory=_WEBHOOK_CERTIFICATES,
        names_namespace=False,
    ),
    # pkg/util/cert/cert.go: the namespace is read from a fixed path, else it is this one ...
    only_namespace="jobset-system",
    # ... and the certificate rotator waits until this file exists, wherever the webhook server reads its own from.
    marker=Path(_WEBHOOK_CERTIFICATES) / "tls.crt",
)

OPERATOR = KnownProgram(
    image="ghcr.io/rackwright/operator",
    entrypoint=("python", "-m", "operators"),
    executables=("python", "python3"),
    tool=None,
)

KNOWN_PROGRAMS = (KUEUE, JOBSET, OPERATOR)


def repository(image: str) -> str:
    """An image reference without tag and digest."""
    name = image.partition("@")[0]
    head, separator, last = name.rpartition("/")
    return head + separator + last.partition(":")[0]


def known_program(image: str) -> KnownProgram | None:
    """The program that an image stands for, or None."""
    name = repository(image)
    return next((program for program in KNOWN_PROGRAMS if program.image == name), None)


def is_ours(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is run here and not played by KWOK: it is bound to a node and has a container of a known image."""
    containers = pod["spec"]["containers"]
    return bool(pod["spec"].get("nodeName")) and any(known_program(container["image"]) for container in containers)


def executable(program: KnownProgram, toolbox: Toolbox) -> Path:
    """The file that runs in the place of the image's executable."""
    return Path(sys.executable) if program.tool is None else toolbox.program(program.tool)


def needed_tools() -> list[str]:
    """The toolbox programs that known images stand for."""
    return [program.tool for program in KNOWN_PROGRAMS if program.tool is not None]
