"""A real Kubernetes control plane as processes of this user, on 127.0.0.1 alone, with TLS and RBAC."""

from rehearsal.control_plane.control_plane import ControlPlane

__all__ = ["ControlPlane"]
