"""Probes: when one is due, what its results mean, and making one. The meaning is Kubernetes' own (core/v1 Probe)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from rehearsal.api_server import Object
from rehearsal.kubelet.addresses import LOOPBACK, LocalPorts
from rehearsal.kubelet.errors import configuration_error, unsupported
from rehearsal.kubelet.launching import Launch
from rehearsal.kubelet.paths import map_paths

_SUCCESS = range(200, 400)  # HTTP status codes that a kubelet takes for success


@dataclass(kw_only=True)
class Tracker:
    """One probe of one run of a container. Times are seconds of one monotonic clock."""

    probe: Object
    started: float
    """When the container started."""
    _next: float | None = None
    _passes: int = 0
    _failures: int = 0

    def due(self) -> float:
        """When the probe is to be made next."""
        if self._next is None:
            return self.started + float(self.probe.get("initialDelaySeconds", 0))
        return self._next

    def record(self, *, passed: bool, now: float) -> None:
        """Take in a result."""
        self._passes = self._passes + 1 if passed else 0
        self._failures = 0 if passed else self._failures + 1
        self._next = now + float(self.probe.get("periodSeconds", 10))

    @property
    def passed(self) -> bool:
        """Whether enough results in a row were good."""
        return self._passes >= int(self.probe.get("successThreshold", 1))

    @property
    def failed(self) -> bool:
        """Whether enough results in a row were bad."""
        return self._failures >= int(self.probe.get("failureThreshold", 3))


def container_port(port: int | str, container: Object) -> int:
    """A probe's port as a number; raise `ContainerError` for a name that the container doesn't declare."""
    if isinstance(port, int):
        return port
    for declared in container.get("ports", []):
        if declared.get("name") == port:
            number: int = declared["containerPort"]
            return number
    names = ", ".join(repr(declared["name"]) for declared in container.get("ports", []) if "name" in declared)
    raise configuration_error(f"a probe names the port {port!r}; the container has {names or 'no named port'}")


async def make(probe: Object, *, container: Object, ports: LocalPorts, launch: Launch) -> str | None:
    """Make a probe once; None when it passes, else what went wrong."""
    timeout_s = float(probe.get("timeoutSeconds", 1))
    if "httpGet" in probe:
        return await _http(probe["httpGet"], container, ports, timeout_s)
    if "tcpSocket" in probe:
        return await _tcp(_local(probe["tcpSocket"]["port"], container, ports), timeout_s)
    if "exec" in probe:
        return await _command(probe["exec"]["command"], launch, timeout_s)
    raise unsupported(f"a probe with {', '.join(probe)}")


def _local(port: int | str, container: Object, ports: LocalPorts) -> int:
    return ports.local(container_port(port, container))


async def _http(action: Object, container: Object, ports: LocalPorts, timeout_s: float) -> str | None:
    port = _local(action["port"], container, ports)
    scheme = action.get("scheme", "HTTP").lower()
    headers = {header["name"]: header["value"] for header in action.get("httpHeaders", [])}
    url = f"{scheme}://{LOOPBACK}:{port}{action.get('path', '/')}"
    try:
        # A kubelet doesn't verify a probe's certificate either (Kubernetes' documentation of httpGet).
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            session.get(url, headers=headers, ssl=False, allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    return None if status in _SUCCESS else f"HTTP status {status}"


async def _tcp(port: int, timeout_s: float) -> str | None:
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError as error:  # a timeout is one
        return f"no connection: {error}".rstrip(": ")
    writer.close()
    return None


async def _command(command: list[str], launch: Launch, timeout_s: float) -> str | None:
    try:
        process = await asyncio.create_subprocess_exec(
            *(map_paths(word, launch.mounts) for word in command),
            env=launch.environment,
            cwd=launch.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    try:
        async with asyncio.timeout(timeout_s):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"no end after {timeout_s:g} s"
    return None if code == 0 else f"exit code {code}"
