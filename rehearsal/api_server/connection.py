"""Blocking requests, for programs with threads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import urllib3
from kubernetes import client, config

from rehearsal.api_server.answers import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS,
    JSON,
    READ_TIMEOUT_S,
    Answer,
    Object,
    UnreachableError,
    headers,
    url,
)


def connect(kubeconfig: Path) -> client.ApiClient:
    """Connect as the user of a kubeconfig, to read objects into the client's models."""
    api: client.ApiClient = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]  # the package's config module has no types
    return api


class Connection:
    """An API server, as the user of a configuration; connected at the first request. Threads may share it."""

    def __init__(self, settings: client.Configuration) -> None:
        """Take the server and the user; how connections are kept and tried again is decided here."""
        settings.connection_pool_maxsize = CONNECTIONS
        settings.retries = urllib3.Retry(connect=1, read=0, redirect=0)
        self._api = client.ApiClient(configuration=settings)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Answer:
        """Make one request. Raise `UnreachableError` where no answer comes."""
        host = self._api.configuration.host
        asked = headers(content_type)
        self._api.update_params_for_auth(asked, [], ["BearerToken"], path, method, body)
        timeout_s = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        try:
            answer = self._api.call_api(method, url(host, path, query), asked, body, _request_timeout=timeout_s)
            content = answer.read()  # type: ignore[no-untyped-call]  # the client leaves it untyped
        except (urllib3.exceptions.HTTPError, client.ApiException) as error:
            cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError | client.ApiException) else error
            raise UnreachableError(f"the Kubernetes API server at {host} can't be reached: {cause}") from error
        return Answer.parse(answer.status, content)
