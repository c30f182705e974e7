"""Who speaks to the rehearsal's API server: each program has a user of its own, and a kubeconfig that names its files.

What a user may do stands in `rbac/` (the rehearsal's own users) or comes with Kubernetes (`system:` users).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from rehearsal.pki import KeyPair


@dataclass(frozen=True)
class Identity:
    """A user of the API server."""

    name: str
    """The kubeconfig's name in the state directory."""
    user: str
    groups: tuple[str, ...] = ()


BOOTSTRAP = Identity("bootstrap", "rackwright:bootstrap", ("system:masters",))
"""Sets up the other users' rights, once, before anybody else is there."""

PLATFORM_ENGINEER = Identity("admin", "rackwright:platform-engineer", ("rackwright:platform-engineers",))
"""Who runs `pulumi up`: administers the cluster, as the maker of an OKE cluster does."""

KUBELET_CLIENT = "kube-apiserver-kubelet-client"
"""The API server itself, where it asks a host's kubelet for a log: a certificate and no kubeconfig (kubeadm's name)."""

IDENTITIES = (
    BOOTSTRAP,
    PLATFORM_ENGINEER,
    Identity("researcher", "rackwright:researcher", ("rackwright:researchers",)),
    Identity("scheduler", "system:kube-scheduler"),
    Identity("controller-manager", "system:kube-controller-manager"),
    Identity("kwok", "rackwright:kwok"),
    Identity("kubelet", "rackwright:process-kubelet"),
    Identity("fleet", "rackwright:fleet"),
    Identity("trainer", "rackwright:simulated-trainer"),
    Identity("faults", "rackwright:fault-injector"),
)


def kubeconfig(*, server: str, authority: Path, credentials: KeyPair, identity: Identity, cluster: str) -> str:
    """The text of a kubeconfig that refers to certificate and key by file, and so holds no secret."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [
            {
                "name": identity.user,
                "user": {"client-certificate": str(credentials.certificate), "client-key": str(credentials.key)},
            }
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": identity.user}}],
        "current-context": cluster,
    }
    text: str = yaml.safe_dump(document, sort_keys=False)
    return text
