"""Both connections against the real API server."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import aclosing
from pathlib import Path

import pytest
import yaml
from kubernetes import client, config

from rehearsal.api_server import AsyncConnection, Connection, RefusedError, UnreachableError
from rehearsal.control_plane import ControlPlane

pytestmark = pytest.mark.control_plane

LARGE = 1_000_000
"""Bytes of an object's data: near the 1.5 MiB that etcd takes, and far over the 64 KiB of a usual line buffer."""

SILENCE_S = 60.0

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def settings(kubeconfig: Path) -> client.Configuration:
    """The blocking client's configuration for a kubeconfig."""
    read = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=read)  # type: ignore[no-untyped-call]  # not annotated
    return read


@pytest.fixture
def nobody(control_plane: ControlPlane, tmp_path: Path) -> Path:
    """A kubeconfig of a port on which nobody listens."""
    document = yaml.safe_load(control_plane.kubeconfig().read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "nobody.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_a_watch_tells_of_objects_as_large_as_etcd_takes(control_plane: ControlPlane) -> None:
    """As one line each, whole."""
    name = f"large-{uuid.uuid4().hex[:8]}"
    body = {"metadata": {"name": name}, "data": {"text": "x" * LARGE}}

    async def told() -> dict[str, object]:
        async with await AsyncConnection.open(control_plane.kubeconfig()) as connection:
            (await connection.request("POST", CONFIG_MAPS, body=body)).accepted()
            query = {"watch": "true", "fieldSelector": f"metadata.name={name}"}
            try:
                async with aclosing(connection.lines(CONFIG_MAPS, query=query, silence_s=SILENCE_S)) as lines:
                    event: dict[str, dict[str, object]] = json.loads(await anext(lines))
            finally:
                await connection.request("DELETE", f"{CONFIG_MAPS}/{name}")
        return event["object"]

    assert asyncio.run(told())["data"] == body["data"]


def test_what_is_refused_is_an_answer_and_for_a_watch_an_error(control_plane: ControlPlane) -> None:
    """With the API server's own words."""

    async def asked() -> str:
        async with await AsyncConnection.open(control_plane.kubeconfig("researcher")) as connection:
            query = {"watch": "true"}
            with pytest.raises(RefusedError) as caught:
                await anext(connection.lines("/api/v1/secrets", query=query, silence_s=SILENCE_S))
        return str(caught.value)

    expected = 'secrets is forbidden: User "rackwright:researcher" cannot'
    assert expected in asyncio.run(asked())
    answer = Connection(settings(control_plane.kubeconfig("researcher"))).request("GET", "/api/v1/secrets")
    assert answer.status == 403
    assert expected in answer.message


def test_a_server_that_is_not_there_is_named(nobody: Path) -> None:
    """By both."""

    async def asked() -> None:
        async with await AsyncConnection.open(nobody) as connection:
            await connection.request("GET", "/version")

    with pytest.raises(UnreachableError, match=r"https://127\.0\.0\.1:1 can't be reached: .*Connect call failed"):
        asyncio.run(asked())
    with pytest.raises(UnreachableError, match=r"https://127\.0\.0\.1:1 can't be reached: .*refused"):
        Connection(settings(nobody)).request("GET", "/version")


def test_the_users_proxy_does_not_stand_between_the_rehearsal_and_itself(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop's client would take it from the environment."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async def asked() -> int:
        async with await AsyncConnection.open(control_plane.kubeconfig()) as connection:
            return (await connection.request("GET", "/version")).status

    assert asyncio.run(asked()) == 200
