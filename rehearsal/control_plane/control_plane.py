"""Starting the control plane: keys, etcd, API server, rights, then everything that needs an API server."""

from __future__ import annotations

import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal import pki, processes
from rehearsal.control_plane import components, identities, stages
from rehearsal.state import StateDirectory
from rehearsal.tools import Toolbox

READY_TIMEOUT_S = 90.0
"""Seconds for one program to get ready: it takes 3 s for all on two idle cores; a busy machine needs longer."""

PROBE_TIMEOUT_S = 2.0
"""Seconds for one look at a health endpoint."""

DEFAULT_SERVICE_CIDR = IPv4Network("10.96.0.0/16")
"""Kubernetes' services where no cluster spec says otherwise (Oracle's default for OKE)."""

RBAC_FILES = (
    Path(__file__).parent / "rbac",
    Path(__file__).parent.parent / "kubelet" / "rbac.yaml",
)


class ControlPlane:
    """A running control plane in a state directory."""

    def __init__(self, state: StateDirectory, toolbox: Toolbox, ports: components.Ports) -> None:
        self.state = state
        self.toolbox = toolbox
        self.ports = ports

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{components.LOOPBACK}:{self.ports.api_server}"

    def kubeconfig(self, identity: str = identities.PLATFORM_ENGINEER.name) -> Path:
        """The kubeconfig of an identity (see `identities`)."""
        return self.state.kubeconfig(identity)

    @classmethod
    def start(
        cls,
        state: StateDirectory,
        toolbox: Toolbox,
        *,
        service_cidr: IPv4Network = DEFAULT_SERVICE_CIDR,
        addresses: Sequence[str] = (),
        announce: Callable[[str], None] = lambda _: None,
    ) -> ControlPlane:
        """Start everything and wait until it is ready; `announce` hears each program's name when it starts.

        `addresses` are those that the API's certificate holds beside this machine's, as a managed cluster's holds its
        private one.
        Raise `processes.ProcessError` when a program doesn't get ready. The caller stops what was started
        (`processes.stop_marked`).
        """
        plane = cls(state, toolbox, _free_ports())
        credentials = plane._write_credentials(service_cidr, addresses)
        plane._start_store(credentials, service_cidr, announce)
        plane._grant_rights()
        plane._start_controllers(credentials, announce)
        plane._start_nodes(announce)
        state.describe(
            server=plane.server,
            endpoint=f"https://{components.LOOPBACK}:{plane.ports.endpoint}",
            service_cidr=str(service_cidr),
            kubernetes_version=plane.version,
        )
        plane._start_endpoint(announce)
        return plane

    @property
    def version(self) -> str:
        """Kubernetes' version, such as `v1.36.3`."""
        version = self.toolbox.version("kube-apiserver")
        return version if version.startswith("v") else f"v{version}"

    def _write_credentials(self, service_cidr: IPv4Network, addresses: Sequence[str]) -> components.Credentials:
        directory = self.state.pki
        authority = pki.Authority(directory, "ca")
        front_proxy_authority = pki.Authority(directory, "front-proxy-ca")
        kubelet_authority = pki.Authority(directory, pki.KUBELET_AUTHORITY)
        loopback_names = [components.LOOPBACK, "localhost"]
        api_names = [
            *loopback_names,
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            str(service_cidr[1]),
            *addresses,
        ]
        for identity in identities.IDENTITIES:
            pair = authority.issue_client(f"user-{identity.name}", user=identity.user, groups=identity.groups)
            text = identities.kubeconfig(
                server=self.server,
                authority=authority.files.certificate,
                credentials=pair,
                identity=identity,
                cluster=f"rehearsal-{self.state.id}",
            )
            self.kubeconfig(identity.name).write_text(text, encoding="utf-8")
        return components.Credentials(
            authority=authority.files.certificate,
            authority_pair=authority.files,
            api_server=authority.issue_server("kube-apiserver", api_names),
            etcd=authority.issue_server("etcd", loopback_names, client_too=True),
            etcd_client=authority.issue_client("etcd-client", user="kube-apiserver"),
            service_accounts=pki.write_service_account_keys(directory),
            front_proxy_authority=front_proxy_authority.files.certificate,
            kubelet_authority=kubelet_authority.files.certificate,
            kubelet_client=authority.issue_client(identities.KUBELET_CLIENT, user=identities.KUBELET_CLIENT),
            front_proxy=front_proxy_authority.issue_client("front-proxy", user="front-proxy"),
            serving=authority.issue_server("serving", loopback_names),
        )

    def _start_store(
        self, credentials: components.Credentials, service_cidr: IPv4Network, announce: Callable[[str], None]
    ) -> None:
        state, ports = self.state, self.ports
        (state.root / "egress-selector.yaml").write_text(components.egress_selector(state), encoding="utf-8")
        etcd = self._start("etcd", components.etcd, announce, credentials=credentials)
        api_server = self._start(
            "kube-apiserver", components.api_server, announce, credentials=credentials, service_cidr=str(service_cidr)
        )
        etcd.wait_until(
            lambda: self._answers(f"https://{components.LOOPBACK}:{ports.etcd}/health", credentials.etcd_client),
            timeout_s=READY_TIMEOUT_S,
        )
        bootstrap = self._user_credentials(identities.BOOTSTRAP)
        api_server.wait_until(lambda: self._answers(f"{self.server}/readyz", bootstrap), timeout_s=READY_TIMEOUT_S)

    def _grant_rights(self) -> None:
        """Give the rehearsal's own users their rights."""
        kubectl = self.toolbox.program("kubectl")
        files = [f"--filename={path}" for path in RBAC_FILES if path.exists()]
        kubeconfig = self.kubeconfig(identities.BOOTSTRAP.name)
        done = subprocess.run(
            [str(kubectl), f"--kubeconfig={kubeconfig}", "apply", "--server-side", *files],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise processes.ProcessError(f"the rehearsal's RBAC objects couldn't be applied:\n{done.stderr}")

    def _start_controllers(self, credentials: components.Credentials, announce: Callable[[str], None]) -> None:
        stage_file = self.state.root / "kwok-stages.yaml"
        stage_file.write_text(stages.stages(self.toolbox.asset("kwok-stages")), encoding="utf-8")
        bootstrap = self._user_credentials(identities.BOOTSTRAP)
        started = [
            (
                self._start(
                    "kube-controller-manager", components.controller_manager, announce, credentials=credentials
                ),
                f"https://{components.LOOPBACK}:{self.ports.controller_manager}/healthz",
            ),
            (
                self._start("kube-scheduler", components.scheduler, announce, credentials=credentials),
                f"https://{components.LOOPBACK}:{self.ports.scheduler}/readyz",
            ),
            (
                self._start("kwok", components.kwok, announce, credentials=credentials, stages=stage_file),
                f"https://{components.LOOPBACK}:{self.ports.kwok}/healthz",
            ),
        ]
        for process, url in started:
            process.wait_until(lambda url=url: self._answers(url, bootstrap), timeout_s=READY_TIMEOUT_S)  # type: ignore[misc]  # mypy doesn't infer a lambda's default

    def _start_nodes(self, announce: Callable[[str], None]) -> None:
        """Start what stands in for the hosts' kubelets and for the network between API server and pods."""
        for name in ("egress", "kubelet"):
            announce(name)
            processes.start_module(name, state=self.state)

    def _start_endpoint(self, announce: Callable[[str], None]) -> None:
        """Start what shows the API to those outside, as far as the simulated network lets them."""
        announce("access")
        endpoint = processes.start_module("access", state=self.state)
        endpoint.wait_until(lambda: _listens(self.ports.endpoint), timeout_s=READY_TIMEOUT_S)

    def _start(
        self, name: str, command: Callable[..., list[str]], announce: Callable[[str], None], **details: object
    ) -> processes.LocalProcess:
        announce(name)
        arguments = command(self.toolbox.program(name), state=self.state, ports=self.ports, **details)
        return processes.start(name, arguments, state=self.state)

    def _user_credentials(self, identity: identities.Identity) -> pki.KeyPair:
        name = f"user-{identity.name}"
        return pki.KeyPair(certificate=self.state.pki / f"{name}.crt", key=self.state.pki / f"{name}.key")

    def _answers(self, url: str, credentials: pki.KeyPair) -> bool:
        context = ssl.create_default_context(cafile=str(self.state.pki / "ca.crt"))
        context.load_cert_chain(credentials.certificate, credentials.key)
        handler = urllib.request.HTTPSHandler(context=context)
        # No proxy of the user's environment stands between this machine and itself.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
        try:
            with opener.open(url, timeout=PROBE_TIMEOUT_S):
                return True
        except (urllib.error.URLError, OSError):
            return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((components.LOOPBACK, port)) == 0


def _free_ports() -> components.Ports:
    """Ports that are free now, all held at once so that they differ."""
    names = list(components.Ports.__dataclass_fields__)
    with ExitStack() as held:
        ports = {}
        for name in names:
            listener = held.enter_context(socket.socket())
            listener.bind((components.LOOPBACK, 0))
            ports[name] = listener.getsockname()[1]
    return components.Ports(**ports)
