"""Running the real Helm against a provider's cluster, on the pinned copies of the charts that a rehearsal installs."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from rehearsal import tools
from rehearsal.providers.kubernetes.configuration import Kubeconfig
from rehearsal.providers.model import NotModelledError, ProviderError
from rehearsal.providers.values import Properties
from rehearsal.tools.errors import ToolError
from rehearsal.tools.pins import PINS

CHART_SUFFIX = "-chart"
"""A chart NAME is the tool `NAME-chart` in rehearsal.tools.pins."""


class HelmError(ProviderError):
    """Helm's own error message."""


class Chart:
    """A chart in a folder."""

    def __init__(self, directory: Path) -> None:
        """Read what the chart says of itself."""
        self.directory = directory
        about = yaml.safe_load((directory / "Chart.yaml").read_text(encoding="utf-8"))
        self.name: str = about["name"]
        self.version: str = about["version"]
        self.app_version = str(about.get("appVersion", ""))


def find_chart(reference: str, *, version: str | None) -> Chart:
    """The chart that a release asks for: a folder's, or the pinned copy of one that is published somewhere.

    A reference is a path, a name in a repository or an address (`oci://…/NAME`). Raises `NotModelledError` if there is
    no pinned copy of the name and version.
    """
    folder = Path(reference)
    if (folder / "Chart.yaml").is_file():
        chart = Chart(folder.resolve())
    else:
        name = reference.rstrip("/").rsplit("/", 1)[-1]
        pinned = sorted(pin.name.removesuffix(CHART_SUFFIX) for pin in PINS if pin.name.endswith(CHART_SUFFIX))
        if name not in pinned:
            raise NotModelledError(
                f"the chart {reference} is not modelled: a rehearsal has pinned copies of {', '.join(pinned)}, and "
                "takes charts from local folders"
            )
        chart = Chart(_tool(name + CHART_SUFFIX).asset(name + CHART_SUFFIX))
    if version is not None and version.removeprefix("v") != chart.version.removeprefix("v"):
        raise NotModelledError(
            f"version {version} of the chart {reference} is not modelled: the copy at hand is {chart.version}; "
            "ask for that version, or pin another in rehearsal/tools/modules"
        )
    return chart


@functools.cache
def _tool(name: str) -> tools.Toolbox:
    """A toolbox with this tool, looked up once for each process."""
    try:
        return tools.ensure([name])
    except ToolError as error:
        raise ProviderError(str(error)) from error


class Helm:
    """The Helm program, as the user of a kubeconfig, with no configuration of its own."""

    def __init__(self, kubeconfig: Kubeconfig, *, temporary: Path) -> None:
        """Run against this cluster; `temporary` is for files that live as long as a run."""
        self._kubeconfig = kubeconfig
        self._temporary = temporary
        self._cancelled = threading.Event()
        self._running: set[subprocess.Popen[str]] = set()

    def cancel(self) -> None:
        """End all runs."""
        self._cancelled.set()
        for process in list(self._running):
            process.terminate()

    def run(self, *arguments: str, values: Properties | None = None) -> str:
        """Run Helm and return what it printed. Values go through standard input, never the command line.

        Raises `HelmError`.
        """
        if values is not None:
            arguments = (*arguments, "--values", "-")
        if self._cancelled.is_set():
            raise HelmError("cancelled")
        program = _tool("helm").program("helm")
        with self._environment() as environment:
            process = subprocess.Popen(
                [str(program), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            self._running.add(process)
            try:
                output, errors = process.communicate(json.dumps(values) if values is not None else None)
            finally:
                self._running.discard(process)
        if self._cancelled.is_set():
            raise HelmError("cancelled")
        if process.returncode:
            raise HelmError(_message(errors) or f"helm {arguments[0]} ended with code {process.returncode}")
        return output

    def run_json(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever JSON Helm prints
        """Run Helm and parse what it printed."""
        return json.loads(self.run(*arguments, "--output", "json"))

    @contextmanager
    def _environment(self) -> Iterator[dict[str, str]]:
        """An environment without the user's own Helm configuration; the kubeconfig is readable by the user alone."""
        with tempfile.TemporaryDirectory(dir=self._temporary, prefix="helm-") as home:
            kubeconfig = Path(home, "kubeconfig")
            kubeconfig.touch(mode=0o600)
            kubeconfig.write_text(json.dumps(_standalone(self._kubeconfig)), encoding="utf-8")
            inherited = {key: value for key, value in os.environ.items() if not key.startswith("HELM_")}
            yield inherited | {
                "KUBECONFIG": str(kubeconfig),
                "HELM_CACHE_HOME": f"{home}/cache",
                "HELM_CONFIG_HOME": f"{home}/config",
                "HELM_DATA_HOME": f"{home}/data",
            }


def _standalone(kubeconfig: Kubeconfig) -> dict[str, Any]:
    """The kubeconfig with the chosen context as its current one, and paths that count from anywhere."""
    context = dict(kubeconfig.active_context())
    if kubeconfig.cluster:
        context["cluster"] = kubeconfig.cluster
    content: dict[str, Any] = json.loads(json.dumps(kubeconfig.content, default=str))
    content["contexts"] = [{"name": "chosen", "context": context}]
    content["current-context"] = "chosen"
    if kubeconfig.directory is not None:
        files = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
        parts = [entry.get(part) or {} for part in ("cluster", "user") for entry in content.get(f"{part}s") or ()]
        for part in parts:
            part.update({key: str(kubeconfig.directory / part[key]) for key in files if part.get(key)})
    return content


def _message(errors: str) -> str:
    """What Helm said went wrong, without its warnings and its prefix."""
    lines = [line for line in errors.splitlines() if line and not line.startswith(("level=", "time=", "WARNING"))]
    return "\n".join(lines).removeprefix("Error: ")
