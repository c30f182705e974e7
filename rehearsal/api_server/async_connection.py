"""Requests and watches that don't block, for programs with an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Self

import aiohttp
from kubernetes.aio import client, config

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


class AsyncConnection:
    """An API server, as the user of a kubeconfig of the rehearsal's; an asynchronous context, closed at its end."""

    def __init__(self, settings: client.Configuration) -> None:
        """Take the server and the user; see `open`."""
        settings.connection_pool_maxsize = CONNECTIONS
        # No proxy of the user's stands between this machine and itself.
        settings.client_session_kwargs = {"trust_env": False}
        self._api = client.ApiClient(settings)

    @classmethod
    async def open(cls, kubeconfig: Path) -> Self:
        """Read a kubeconfig; the connection is made at the first request."""
        settings = client.Configuration()
        await config.load_kube_config(  # type: ignore[no-untyped-call]  # the client's configuration isn't annotated
            config_file=str(kubeconfig), client_configuration=settings
        )
        return cls(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections."""
        await self._api.close()  # type: ignore[no-untyped-call]  # the client leaves it untyped

    @property
    def url(self) -> str:
        """The server's URL."""
        return str(self._api.configuration.host)

    @property
    def authority(self) -> Path:
        """The file with the server's certificate authority."""
        return Path(str(self._api.configuration.ssl_ca_cert))

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Answer:
        """Make one request. Raise `UnreachableError` where no answer comes."""
        try:
            response = await self._call(method, path, query, body, content_type, silence_s=READ_TIMEOUT_S)
            content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error
        return Answer.parse(response.status, content)

    async def lines(self, path: str, *, query: Mapping[str, str], silence_s: float) -> AsyncGenerator[bytes, None]:
        """The lines of a watch, until the server ends it.

        Raise `RefusedError`, and `UnreachableError` after so many seconds of silence. A line may have 4 MiB, which the
        client sees to; etcd takes objects of 1.5 MiB.
        """
        try:
            async with await self._call("GET", path, query, None, JSON, silence_s=silence_s) as response:
                if not response.ok:
                    Answer.parse(response.status, await response.read()).accepted()
                async for line in response.content:
                    yield line
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Object | None,
        content_type: str,
        *,
        silence_s: float,
    ) -> aiohttp.ClientResponse:
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT_S, sock_read=silence_s)
        answer = await self._api.call_api(
            method, url(self.url, path, query), headers(content_type), body, _request_timeout=timeout
        )
        response: aiohttp.ClientResponse = answer.response
        return response

    def _unreachable(self, error: Exception) -> UnreachableError:
        cause = str(error) or type(error).__name__  # a timeout has no words
        return UnreachableError(f"the Kubernetes API server at {self.url} can't be reached: {cause}")
