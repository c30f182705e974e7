"""The command lines of the control plane's programs. Everything listens on 127.0.0.1 with TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from rehearsal.pki import KeyPair
from rehearsal.simulated import HOST_ANNOTATION, KUBELET_PORT, PLAYED
from rehearsal.state import StateDirectory

LOOPBACK = "127.0.0.1"

MAX_REQUESTS_IN_FLIGHT = 2000
"""Requests that the API server works on at once. Kubernetes' default of 400 holds back the making of 12,500 hosts."""

MAX_MUTATING_REQUESTS_IN_FLIGHT = 1000
"""The same for writes (default 200)."""

CLIENT_QPS = 1000
"""Requests a second that scheduler and controller-manager may make: on one machine the API server is the limit."""

JOB_SYNCS = 20
"""Jobs that the Job controller looks after at once (default 5)."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports on 127.0.0.1."""

    etcd: int
    etcd_peer: int
    api_server: int
    controller_manager: int
    scheduler: int
    kwok: int
    endpoint: int
    """Of the cluster's endpoint as the simulated network shows it."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The certificates that the command lines name."""

    authority: Path
    authority_pair: KeyPair
    api_server: KeyPair
    etcd: KeyPair
    etcd_client: KeyPair
    service_accounts: KeyPair
    front_proxy_authority: Path
    front_proxy: KeyPair
    kubelet_authority: Path
    kubelet_client: KeyPair
    """The API server's, towards kubelets."""
    serving: KeyPair
    """For the secure ports of scheduler and controller-manager."""


def etcd(program: Path, *, state: StateDirectory, ports: Ports, credentials: Credentials) -> list[str]:
    """Build the command line of etcd. It doesn't sync to disk: a rehearsal that is lost with the machine is no loss."""
    client, peer = f"https://{LOOPBACK}:{ports.etcd}", f"https://{LOOPBACK}:{ports.etcd_peer}"
    return [
        str(program),
        "--name=rehearsal",
        f"--data-dir={state.root / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=rehearsal={peer}",
        f"--cert-file={credentials.etcd.certificate}",
        f"--key-file={credentials.etcd.key}",
        f"--trusted-ca-file={credentials.authority}",
        "--client-cert-auth",
        f"--peer-cert-file={credentials.etcd.certificate}",
        f"--peer-key-file={credentials.etcd.key}",
        f"--peer-trusted-ca-file={credentials.authority}",
        "--peer-client-cert-auth",
        "--quota-backend-bytes=8589934592",  # 8 GiB, etcd's suggested maximum: 12,500 hosts' events pass the default
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=5m",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(
    program: Path, *, state: StateDirectory, ports: Ports, credentials: Credentials, service_cidr: str
) -> list[str]:
    """Build the command line of kube-apiserver."""
    return [
        str(program),
        f"--bind-address={LOOPBACK}",
        f"--secure-port={ports.api_server}",
        f"--etcd-servers=https://{LOOPBACK}:{ports.etcd}",
        f"--etcd-cafile={credentials.authority}",
        f"--etcd-certfile={credentials.etcd_client.certificate}",
        f"--etcd-keyfile={credentials.etcd_client.key}",
        f"--tls-cert-file={credentials.api_server.certificate}",
        f"--tls-private-key-file={credentials.api_server.key}",
        f"--client-ca-file={credentials.authority}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--profiling=false",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={credentials.service_accounts.certificate}",
        f"--service-account-signing-key-file={credentials.service_accounts.key}",
        f"--service-cluster-ip-range={service_cidr}",
        "--endpoint-reconciler-type=none",  # an endpoint can't be a loopback address, and nobody needs this one
        f"--requestheader-client-ca-file={credentials.front_proxy_authority}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={credentials.front_proxy.certificate}",
        f"--proxy-client-key-file={credentials.front_proxy.key}",
        f"--egress-selector-config-file={state.root / 'egress-selector.yaml'}",
        f"--kubelet-certificate-authority={credentials.kubelet_authority}",
        f"--kubelet-client-certificate={credentials.kubelet_client.certificate}",
        f"--kubelet-client-key={credentials.kubelet_client.key}",
        "--kubelet-preferred-address-types=InternalIP",  # hosts' names are in no DNS here
        f"--max-requests-inflight={MAX_REQUESTS_IN_FLIGHT}",
        f"--max-mutating-requests-inflight={MAX_MUTATING_REQUESTS_IN_FLIGHT}",
    ]


def egress_selector(state: StateDirectory) -> str:
    """Build the API server's egress selection: what it sends to the cluster's network goes to the egress proxy."""
    connection = {
        "proxyProtocol": "HTTPConnect",
        "transport": {"uds": {"udsName": str(state.egress_socket)}},
    }
    document = {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }
    text: str = yaml.safe_dump(document, sort_keys=False)
    return text


def controller_manager(program: Path, *, state: StateDirectory, ports: Ports, credentials: Credentials) -> list[str]:
    """Build the command line of kube-controller-manager; each controller uses its own service account."""
    return [
        str(program),
        *_secure_component(state.kubeconfig("controller-manager"), ports.controller_manager, credentials),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={credentials.service_accounts.key}",
        f"--root-ca-file={credentials.authority}",
        f"--cluster-signing-cert-file={credentials.authority_pair.certificate}",
        f"--cluster-signing-key-file={credentials.authority_pair.key}",
        f"--kube-api-qps={CLIENT_QPS}",
        f"--kube-api-burst={CLIENT_QPS}",
        f"--concurrent-job-syncs={JOB_SYNCS}",
        f"--node-monitor-grace-period={HOST_SILENCE_S}s",
    ]


def scheduler(program: Path, *, state: StateDirectory, ports: Ports, credentials: Credentials) -> list[str]:
    """Build the command line of kube-scheduler."""
    return [
        str(program),
        *_secure_component(state.kubeconfig("scheduler"), ports.scheduler, credentials),
        f"--kube-api-qps={CLIENT_QPS}",
        f"--kube-api-burst={CLIENT_QPS}",
    ]


def kwok(program: Path, *, state: StateDirectory, ports: Ports, credentials: Credentials, stages: Path) -> list[str]:
    """Build the command line of KWOK, which plays the hosts that carry its annotation, and their pods."""
    return [
        str(program),
        f"--kubeconfig={state.kubeconfig('kwok')}",
        f"--config={stages}",
        f"--manage-nodes-with-annotation-selector={HOST_ANNOTATION}={PLAYED}",
        f"--node-lease-duration-seconds={HOST_LEASE_S}",
        f"--server-address={LOOPBACK}:{ports.kwok}",
        f"--node-port={KUBELET_PORT}",  # what it writes into a node that comes back; the process kubelet answers there
        f"--tls-cert-file={credentials.serving.certificate}",
        f"--tls-private-key-file={credentials.serving.key}",
    ]


HOST_LEASE_S = 480
"""Seconds of a simulated host's lease, which KWOK renews every quarter of it: 100 renewals a second at 12,500 hosts.

With kubelets' 40 s, KWOK and two processors fall behind at 2,000 hosts, and half of the hosts count as lost (seen).
"""

HOST_SILENCE_S = 600
"""Seconds of silence after which a host counts as lost, instead of Kubernetes' 50: more than a lease lasts. Faults that
a rehearsal injects don't wait for it."""


def _secure_component(kubeconfig: Path, port: int, credentials: Credentials) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--tls-cert-file={credentials.serving.certificate}",
        f"--tls-private-key-file={credentials.serving.key}",
        "--leader-elect=false",  # there is one of each
        "--profiling=false",
    ]
