"""What keeps a container from starting, in the words that a pod's status has for it."""

from __future__ import annotations


class ContainerError(Exception):
    """A container can't start now; it is tried again, as the reason may go away (a Secret appears)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """Kubernetes' word for the container's waiting state, such as `CreateContainerConfigError`."""
        self.message = message


def configuration_error(message: str) -> ContainerError:
    """The pod refers to something that is not there."""
    return ContainerError("CreateContainerConfigError", message)


def unsupported(message: str) -> ContainerError:
    """The pod asks for something that the process kubelet doesn't do."""
    return ContainerError("CreateContainerError", f"{message} (not supported for local processes)")
