"""The official `kubernetes` plugin, where the user has it: found as the engine finds plugins, and asked who it is.

Only the version of the installed SDK counts, since that is what the engine is asked for. The rehearsal never downloads
it. Oracle's official plugin is of no use here: it speaks to the real Oracle.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.providers import plugins

CHOICE = "RACKWRIGHT_KUBERNETES_PLUGIN"
"""The environment variable by which the user chooses: `stand-in` or `official`; unset, official if it is there."""

Choice = Literal["stand-in", "official"]

ANSWER_TIMEOUT_S = 30.0
"""Seconds for a plugin to start and say its version; the official one takes about one."""

NO_ENGINE = "127.0.0.1:1"
"""An engine's address for a plugin that is only asked for its version: nobody listens there."""


class PluginError(RuntimeError):
    """A choice that can't be met; the message says what to do."""


def choose(environment: Mapping[str, str]) -> Path | None:
    """The official plugin that a rehearsal uses, or None for the stand-in; raise `PluginError` for a wrong choice."""
    chosen = environment.get(CHOICE) or None
    if chosen not in {None, *get_args(Choice)}:
        raise PluginError(f"{CHOICE}: found {chosen!r}, expected {' or '.join(get_args(Choice))}; correct or unset it")
    found = None if chosen == "stand-in" else find(environment)
    if found is None and chosen == "official":
        raise PluginError(f"{CHOICE}: {missing(environment)}, or unset {CHOICE}")
    return found


def find(environment: Mapping[str, str]) -> Path | None:
    """The official plugin of exactly the SDK's version; None where there is none."""
    wanted = plugins.sdk_version("kubernetes")
    return next((path for path in _places(environment) if version(path) == wanted), None)


def missing(environment: Mapping[str, str]) -> str:
    """Why there is no official plugin, with the remedy."""
    wanted = plugins.sdk_version("kubernetes")
    places = ", ".join(map(str, _places(environment)))
    return (
        f"no official kubernetes plugin of version {wanted} in {places}; "
        f"install it with `pulumi plugin install resource kubernetes v{wanted}`"
    )


def version(path: Path) -> str | None:
    """What an official plugin says its version is; None for a program that is none."""
    if not path.is_file() or plugins.is_stand_in(path):
        return None
    try:
        process = subprocess.Popen(
            [path, NO_ENGINE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    too_late = threading.Timer(ANSWER_TIMEOUT_S, process.kill)
    too_late.start()
    with process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            with grpc.insecure_channel(f"127.0.0.1:{int(line)}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                told: str = stub.GetPluginInfo(empty_pb2.Empty(), timeout=ANSWER_TIMEOUT_S).version
        except (ValueError, grpc.RpcError):
            return None
        finally:
            too_late.cancel()
            process.kill()
    return told.removeprefix("v")


def _places(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where the engine would look: the user's PULUMI_HOME, then PATH."""
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    yield plugins.executable(home, "kubernetes")
    on_path = shutil.which("pulumi-resource-kubernetes", path=environment.get("PATH"))
    if on_path is not None:
        yield Path(on_path).resolve()
