"""Service-account tokens for pods, by the TokenRequest API, renewed before they end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rehearsal.api_server import ApiServerError, Object
from rehearsal.kubelet.cluster import Cluster
from rehearsal.kubelet.volumes import TokenRequest

LOGGER = logging.getLogger(__name__)

RENEWAL_SHARE = 0.8
"""Share of a token's life after which it is renewed (Kubernetes' pkg/kubelet/token/token_manager.go)."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token and its life."""

    text: str
    issued: datetime
    expires: datetime

    def renewal_due(self, now: datetime) -> bool:
        """Whether it is time for the next one."""
        return now >= self.issued + (self.expires - self.issued) * RENEWAL_SHARE


class Tokens:
    """The tokens of one pod."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tokens: dict[TokenRequest, Token] = {}

    async def texts(self, pod: Object, requests: Iterable[TokenRequest]) -> Mapping[TokenRequest, str]:
        """A valid token for each request. A failed renewal is tried again next time, while the old one lives."""
        now = datetime.now(UTC)
        for request in requests:
            held = self._tokens.get(request)
            if held is not None and not held.renewal_due(now):
                continue
            try:
                self._tokens[request] = await self._request(pod, request, now)
            except ApiServerError:
                if held is None or held.expires <= now:
                    raise
                LOGGER.warning("a token of %s could not be renewed yet", pod["metadata"]["name"], exc_info=True)
        return {request: token.text for request, token in self._tokens.items()}

    async def _request(self, pod: Object, request: TokenRequest, now: datetime) -> Token:
        metadata = pod["metadata"]
        account = pod["spec"].get("serviceAccountName", "default")
        answer = await self._cluster.create(
            f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{account}/token",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {
                    "audiences": [] if request.audience is None else [request.audience],
                    "expirationSeconds": request.lifetime_s,
                    "boundObjectRef": {
                        "apiVersion": "v1",
                        "kind": "Pod",
                        "name": metadata["name"],
                        "uid": metadata["uid"],
                    },
                },
            },
        )
        # The API server may give a longer life than asked for; the asked one bounds the renewal, as in a kubelet.
        expires = min(
            datetime.fromisoformat(answer["status"]["expirationTimestamp"]), now + timedelta(seconds=request.lifetime_s)
        )
        return Token(text=answer["status"]["token"], issued=now, expires=expires)
