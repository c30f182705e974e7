"""The API server: discovery and the few requests that a provider makes, for any kind of object."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubernetes import client, config

from rehearsal import api_server
from rehearsal.api_server import Answer, Connection, Object
from rehearsal.providers.kubernetes.configuration import Kubeconfig, KubeconfigError
from rehearsal.providers.model import ProviderError


class ApiError(ProviderError):
    """The API server refused a request."""

    def __init__(self, answer: Answer) -> None:
        """Keep the HTTP status and what the server's Status object says."""
        super().__init__(answer.message)
        self.status = answer.status
        self.causes: list[dict[str, Any]] = (answer.body.get("details") or {}).get("causes") or []


class UnreachableError(ProviderError):
    """The API server can't be reached, or doesn't prove who it is."""


class UnservedKindError(ProviderError):
    """The API server doesn't serve an apiVersion and kind: perhaps not yet."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object as the API server serves it."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, *, namespace: str | None, name: str | None = None) -> str:
        """The URL's path of one object, or of the collection."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        within = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Cluster:
    """One API server, as the user of a kubeconfig."""

    def __init__(self, kubeconfig: Kubeconfig, *, temporary: Path) -> None:
        """Connect at the first request.

        The client writes keys that the kubeconfig holds as text into files, readable by the user alone, in `temporary`.
        """
        self.kubeconfig = kubeconfig
        self._temporary = temporary
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._kinds: dict[tuple[str, str], Kind] = {}

    def kind(self, api_version: str, kind: str) -> Kind:
        """How a kind is served; `UnservedKindError` if it isn't. What was found once is remembered."""
        known = self._kinds.get((api_version, kind))
        if known is not None:
            return known
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            served = self.request("GET", root)["resources"]
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            served = []
        for entry in served:
            if "/" not in entry["name"]:  # a subresource
                self._kinds[api_version, entry["kind"]] = Kind(
                    api_version=api_version, plural=entry["name"], namespaced=entry["namespaced"]
                )
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            raise UnservedKindError(
                f"the cluster serves no kind {kind} in {api_version}; "
                "install its CustomResourceDefinition first and depend on it, or correct apiVersion and kind"
            ) from None

    def forget(self, api_version: str, kind: str) -> None:
        """Look a kind up anew next time: its definition may have changed."""
        self._kinds.pop((api_version, kind), None)

    def get(self, kind: Kind, *, namespace: str | None, name: str) -> Object | None:
        """One object; None if there is none."""
        try:
            return self.request("GET", kind.path(namespace=namespace, name=name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list(self, kind: Kind, *, namespace: str | None, **selectors: str) -> list[Object]:
        """The objects of a kind; selectors are `labelSelector` and `fieldSelector`."""
        items: list[Object] = self.request("GET", kind.path(namespace=namespace), query=selectors)["items"]
        return items

    def apply(self, kind: Kind, body: Object, *, manager: str, force: bool, dry_run: bool) -> Object:
        """Server-side apply."""
        metadata = body["metadata"]
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self.request(
            "PATCH",
            kind.path(namespace=metadata.get("namespace"), name=metadata["name"]),
            query=query,
            body=body,
            content_type="application/apply-patch+yaml",
        )

    def delete(self, kind: Kind, *, namespace: str | None, name: str, propagation: str) -> None:
        """Ask for an object's deletion; fine if there is none."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        try:
            self.request("DELETE", kind.path(namespace=namespace, name=name), body=body)
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def version(self) -> str:
        """The server's version, such as `v1.36.3`."""
        return str(self.request("GET", "/version")["gitVersion"])

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = api_server.JSON,
    ) -> Object:
        """One request; the answer's JSON. Raises `ApiError` or `UnreachableError`."""
        try:
            answer = self._connected().request(method, path, query=query, body=body, content_type=content_type)
        except api_server.UnreachableError as error:
            raise UnreachableError(
                f"{error}; check the provider's kubeconfig and context, and that the cluster runs"
            ) from error
        if answer.refused:
            raise ApiError(answer)
        return answer.body

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = Connection(_settings(self.kubeconfig, self._temporary))
            return self._connection


def _settings(kubeconfig: Kubeconfig, temporary: Path) -> client.Configuration:
    settings = client.Configuration()
    content = dict(kubeconfig.content)
    if kubeconfig.cluster:
        context = {"name": "chosen", "context": {**kubeconfig.active_context(), "cluster": kubeconfig.cluster}}
        content = {**content, "contexts": [context], "current-context": "chosen"}
    try:
        loader = config.kube_config.KubeConfigLoader(  # type: ignore[no-untyped-call]  # the client leaves it untyped
            config_dict=content,
            active_context="chosen" if kubeconfig.cluster else kubeconfig.context,
            config_base_path=str(kubeconfig.directory) if kubeconfig.directory else None,
            temp_file_path=str(temporary),
        )
        loader.load_and_set(settings)  # type: ignore[no-untyped-call]  # the client leaves it untyped
    except config.ConfigException as error:
        raise KubeconfigError(f"kubeconfig: {error}") from error
    return settings
