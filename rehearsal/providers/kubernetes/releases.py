"""`helm.sh/v3:Release`: a chart installed, upgraded and uninstalled by the real Helm.

As with the real provider, the release is Helm's: `helm list` shows it, Helm decides on the order, the hooks and the
waits, and what Helm leaves behind on uninstalling (a chart's `crds/`, the namespace) stays.
"""

# ruff: noqa: ARG002  # the methods are called as those of object_resources.ObjectResources

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.kubernetes import objects
from rehearsal.providers.kubernetes.cluster import Cluster
from rehearsal.providers.kubernetes.configuration import Settings
from rehearsal.providers.kubernetes.helm import Chart, Helm, HelmError, find_chart
from rehearsal.providers.model import Checked, Failure, InitializationError, ProviderError, Resource, State
from rehearsal.providers.values import UNKNOWN, Properties, contains_unknown

RELEASE = "kubernetes:helm.sh/v3:Release"

DEFAULT_TIMEOUT_S = 300
"""Seconds that Helm waits for each operation; Helm's and the real provider's default."""

FLAGS = {
    "atomic": "--rollback-on-failure",
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "renderSubchartNotes": "--render-subchart-notes",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
    "waitForJobs": "--wait-for-jobs",
}
"""Boolean inputs and Helm's flags for them (pulumi-kubernetes SDK, `ReleaseArgs`; `helm upgrade --help`)."""

MODELLED = frozenset(FLAGS) | {
    "chart",
    "compat",
    "description",
    "maxHistory",
    "name",
    "namespace",
    "repositoryOpts",
    "resourceNames",
    "skipAwait",
    "timeout",
    "values",
    "version",
}

NAME_LIMIT = 53
"""Characters in a release's name; Helm's own limit."""


class Releases:
    """Installs, upgrades, compares and uninstalls releases."""

    def __init__(self, settings: Settings, cluster: Cluster, *, temporary: Path) -> None:
        """Manage the releases of a cluster."""
        self._settings = settings
        self._cluster = cluster
        self._helm = Helm(settings.kubeconfig, temporary=temporary)

    def cancel(self) -> None:
        """End what Helm is doing."""
        self._helm.cancel()

    def check(self, resource: Resource, *, old_inputs: Properties, new_inputs: Properties, seed: bytes) -> Checked:
        """Find the chart; fill in name, namespace and version."""
        failures = [
            Failure(name, f"{name} of a Release is not modelled by this stand-in provider; leave it out")
            for name, value in new_inputs.items()
            if name not in MODELLED and value
        ]
        inputs = {**new_inputs}
        if not inputs.get("name"):
            name = old_inputs.get("name") or objects.automatic_name(resource.name, seed=seed or resource.urn.encode())
            inputs["name"] = name
        elif inputs["name"] is not UNKNOWN and len(inputs["name"]) > NAME_LIMIT:
            found = f"{len(inputs['name'])} characters in {inputs['name']!r}"
            failures.append(Failure("name", f"name: found {found}, expected at most {NAME_LIMIT}"))
        if not inputs.get("namespace"):
            inputs["namespace"] = self._settings.namespace
        if UNKNOWN not in (inputs.get("chart"), inputs.get("version")):
            try:
                inputs["version"] = find_chart(str(inputs.get("chart")), version=inputs.get("version")).version
            except ProviderError as error:
                failures.append(Failure("chart", str(error)))
        return Checked(inputs, failures)

    def diff(
        self,
        resource: Resource,
        *,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
    ) -> Difference:
        """Another name or namespace is another release."""
        return differences.compare(old_inputs, new_inputs, immutable=[("name",), ("namespace",)])

    def create(self, resource: Resource, *, inputs: Properties, preview: bool, timeout_s: float) -> State:
        """Install it."""
        if preview:
            return State(id="", outputs=self._foreseen(inputs, exists=False))
        existing = self._status(inputs["name"], inputs["namespace"])
        if existing is not None and not self._settings.upsert:
            raise ProviderError(
                f"a Helm release {inputs['namespace']}/{inputs['name']} already exists, and not as a resource of this "
                "stack; import it, uninstall it, or choose another name"
            )
        return State(id=_id(inputs), outputs=self._upgrade(inputs, timeout_s=timeout_s))

    def update(
        self,
        resource: Resource,
        *,
        resource_id: str,
        old_outputs: Properties,
        new_inputs: Properties,
        preview: bool,
        timeout_s: float,
    ) -> Properties:
        """Upgrade it."""
        if preview:
            return self._foreseen(new_inputs, exists=True)
        return self._upgrade(new_inputs, timeout_s=timeout_s)

    def read(
        self,
        resource: Resource,
        *,
        resource_id: str,
        inputs: Properties,
        outputs: Properties,
    ) -> State | None:
        """The release as Helm has it; values and version that were changed with Helm itself show as drift."""
        namespace, _, name = resource_id.rpartition("/")
        namespace = namespace or self._settings.namespace
        status = self._status(name, namespace)
        if status is None or status["info"]["status"] == "uninstalled":
            return None
        values = self._helm.run_json("get", "values", name, "--namespace", namespace) or {}
        version = self._helm.run_json("get", "metadata", name, "--namespace", namespace)["version"]
        found = {**inputs, "name": name, "namespace": namespace, "version": version}
        if values != (inputs.get("values") or {}):
            found["values"] = values
        return State(id=resource_id, inputs=found, outputs=self._outputs(found, status))

    def delete(
        self,
        resource: Resource,
        *,
        resource_id: str,
        inputs: Properties,
        outputs: Properties,
        timeout_s: float,
    ) -> None:
        """Uninstall it, and wait until its objects are gone."""
        namespace, _, name = resource_id.rpartition("/")
        # Helm 4.3's own watcher sometimes ends while an object is still going, and calls that an error.
        wait = () if inputs.get("skipAwait") else ("--wait=legacy", "--cascade", "foreground")
        timeout = f"--timeout={_timeout_s(inputs, timeout_s)}s"
        self._helm.run("uninstall", name, "--namespace", namespace, "--ignore-not-found", timeout, *wait)

    def _foreseen(self, inputs: Properties, *, exists: bool) -> Properties:
        """The outputs that a preview knows. The chart is rendered if all is known, so that errors in values show."""
        if contains_unknown(inputs):
            return {**inputs, "status": UNKNOWN, "resourceNames": UNKNOWN}
        chart = find_chart(inputs["chart"], version=inputs.get("version"))
        arguments = [inputs["name"], str(chart.directory), "--namespace", inputs["namespace"], "--include-crds"]
        arguments += ["--kube-version", self._cluster.version()]
        if exists:
            arguments.append("--is-upgrade")
        manifest = self._helm.run("template", *arguments, values=inputs.get("values") or {})
        return {**inputs, "status": UNKNOWN, "resourceNames": _resource_names(manifest, inputs["namespace"])}

    def _upgrade(self, inputs: Properties, *, timeout_s: float) -> Properties:
        """Install or upgrade; a release that is there but failed is kept, with Helm's reason."""
        chart = find_chart(inputs["chart"], version=inputs.get("version"))
        arguments = [inputs["name"], str(chart.directory), "--namespace", inputs["namespace"]]
        arguments += ["--install", f"--timeout={_timeout_s(inputs, timeout_s)}s"]
        arguments.append("--wait=hookOnly" if inputs.get("skipAwait") else "--wait=watcher")
        arguments += [flag for name, flag in FLAGS.items() if inputs.get(name)]
        if inputs.get("description"):
            arguments.append(f"--description={inputs['description']}")
        if inputs.get("maxHistory"):
            arguments.append(f"--history-max={inputs['maxHistory']}")
        try:
            self._helm.run("upgrade", *arguments, values=inputs.get("values") or {})
        except HelmError as error:
            status = self._status(inputs["name"], inputs["namespace"])
            if status is None:
                raise
            outputs = self._outputs(inputs, status)
            raise InitializationError([str(error)], resource_id=_id(inputs), outputs=outputs) from error
        status = self._status(inputs["name"], inputs["namespace"])
        if status is None:
            raise ProviderError(
                f"the Helm release {_id(inputs)} was uninstalled by someone else while it was installed"
            )
        return self._outputs(inputs, status, chart=chart)

    def _status(self, name: str, namespace: str) -> Any:  # noqa: ANN401  # Helm's JSON
        try:
            return self._helm.run_json("status", name, "--namespace", namespace)
        except HelmError as error:
            if "not found" in str(error):
                return None
            raise

    def _outputs(self, inputs: Properties, status: Any, *, chart: Chart | None = None) -> Properties:  # noqa: ANN401  # Helm's JSON
        manifest = self._helm.run("get", "manifest", inputs["name"], "--namespace", inputs["namespace"])
        about = {
            "name": inputs["name"],
            "namespace": inputs["namespace"],
            "revision": status["version"],
            "status": status["info"]["status"],
            "version": inputs.get("version"),
        }
        if chart is not None:
            about |= {"chart": chart.name, "appVersion": chart.app_version}
        return {**inputs, "status": about, "resourceNames": _resource_names(manifest, inputs["namespace"])}


def _id(inputs: Properties) -> str:
    return f"{inputs['namespace']}/{inputs['name']}"


def _timeout_s(inputs: Properties, timeout_s: float) -> int:
    return int(inputs.get("timeout") or timeout_s or DEFAULT_TIMEOUT_S)


def _resource_names(manifest: str, namespace: str) -> dict[str, list[str]]:
    """The names of a manifest's objects by kind and version, as the real provider groups them."""
    names: dict[str, set[str]] = {}
    for document in yaml.safe_load_all(manifest):
        if not document:
            continue
        metadata = document["metadata"]
        within = metadata.get("namespace") or namespace
        names.setdefault(f"{document['kind']}/{document['apiVersion']}", set()).add(f"{within}/{metadata['name']}")
    return {key: sorted(found) for key, found in sorted(names.items())}
