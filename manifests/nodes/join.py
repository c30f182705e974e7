"""Joins this host to its cluster: reads where it stands in the fabric and starts the kubelet with that as labels.

Runs once, at the first boot, by cloud-init and with the system's Python. A host that isn't told its place in the fabric
joins all the same, so that it is seen, but with a taint that no training job tolerates: without its place, jobs would
be laid out as if all hosts stood side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NODE_DOCUMENT = Path("/etc/rackwright/node.json")

METADATA_SERVICE = "http://169.254.169.254/opc/v2"
"""Oracle's instance metadata service, version 2; it answers only to this header."""
METADATA_HEADERS = {"Authorization": "Bearer Oracle"}
REQUEST_TIMEOUT_S = 10

TOPOLOGY_ATTEMPTS = 20
"""Bare metal learns its place during boot; with the wait between attempts this gives it five minutes."""
JOIN_ATTEMPTS = 20
"""The policy that lets hosts join takes minutes to reach all of Oracle's control plane."""
BETWEEN_ATTEMPTS_S = 15

LABEL_VALUE_LENGTH = 11
"""Characters at the end of an identifier that become the label's value, as Oracle's own labeller has it."""

PACKAGES = Path("/opt/oke-node-client-packages")
"""Where Oracle's GPU images carry the packages of the node's agent, by Ubuntu release and Kubernetes minor version."""
SOURCES = Path("/etc/apt/sources.list.d/oke-node-client.list")


def main() -> None:
    """Join, or end with a reason on standard error (cloud-init keeps it in /var/log/cloud-init-output.log)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes-version", required=True)
    version = parser.parse_args().kubernetes_version.lstrip("v")
    document = json.loads(NODE_DOCUMENT.read_text(encoding="utf-8"))
    topology = place_in_fabric(document["topology"])
    if topology is None:
        say("no complete place in the fabric in the instance's metadata; joining with taints that say so")
    if shutil.which("oke") is None:
        install_agent(version)
    command = ["oke", "bootstrap", "--kubelet-extra-args", kubelet_arguments(document, topology)]
    for attempt in attempts(JOIN_ATTEMPTS):
        if subprocess.run(command, check=False).returncode == 0:
            say("joined")
            return
        say(f"oke bootstrap failed, attempt {attempt} of {JOIN_ATTEMPTS}")
    sys.exit("could not join the cluster: see the messages of oke bootstrap above")


def place_in_fabric(sources: dict[str, str]) -> dict[str, str] | None:
    """The topology labels of this host, or None when the metadata service doesn't come to know them all."""
    for attempt in attempts(TOPOLOGY_ATTEMPTS):
        labels = topology_labels(sources, read_topology())
        if labels is not None:
            return labels
        say(f"not all of {', '.join(sources)} known yet, attempt {attempt} of {TOPOLOGY_ATTEMPTS}")
    return None


def topology_labels(sources: dict[str, str], data: dict[str, object]) -> dict[str, str] | None:
    """Labels from the metadata's values: `sources` has the label for each key. None if a single one is missing."""
    values = {label: data.get(key) for key, label in sources.items()}
    if not all(isinstance(value, str) and value for value in values.values()):
        return None
    return {label: str(value)[-LABEL_VALUE_LENGTH:] for label, value in values.items()}


def read_topology(service: str = METADATA_SERVICE) -> dict[str, object]:
    """What the metadata service knows of this host's place: `rdmaTopologyData` by itself, or inside of `host`."""
    data = read_metadata(f"{service}/host/rdmaTopologyData") or read_metadata(f"{service}/host").get("rdmaTopologyData")
    return data if isinstance(data, dict) else {}


def read_metadata(url: str) -> dict[str, object]:
    """One document of the metadata service; empty where it has none (yet)."""
    request = urllib.request.Request(url, headers=METADATA_HEADERS)  # noqa: S310 - a fixed http address on the host's own link
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as answer:  # noqa: S310 - as above
            data = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def kubelet_arguments(document: dict[str, Any], topology: dict[str, str] | None) -> str:
    """The kubelet's labels and taints; a host without its place gets a taint more."""
    labels = {**document["labels"], **(topology or {})}
    taints = [*document["taints"], *([] if topology else document["unplaced_taints"])]
    pairs = ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
    return f"--node-labels={pairs} --register-with-taints={','.join(taints)}"


def install_agent(version: str) -> None:
    """Install the node's agent from the packages that the image carries, or else from its package sources."""
    release = "none"
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            release = line.split("=", 1)[1].strip('"')
    minor = ".".join(version.split(".")[:2])
    carried = PACKAGES / f"ubuntu-{release}" / f"kubernetes-{minor}"
    if (carried / "dists").is_dir():
        SOURCES.write_text(f"deb [trusted=yes] file:{carried} stable main\n", encoding="utf-8")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", f"oci-oke-node-all-{version}"]):
        # apt waits for other users of its lock, such as unattended upgrades, by itself.
        subprocess.run([command[0], "-o", "DPkg::Lock::Timeout=600", *command[1:]], check=True, env=environment)


def attempts(number: int) -> Iterator[int]:
    """The numbers of the attempts, with a wait after each."""
    for attempt in range(1, number + 1):
        yield attempt
        if attempt < number:
            time.sleep(BETWEEN_ATTEMPTS_S)


def say(message: str) -> None:
    """A line for cloud-init's log."""
    sys.stderr.write(f"rackwright: {message}\n")


if __name__ == "__main__":
    main()
