"""The connection to a cluster, by the user's kubeconfig; what the API server refuses becomes a sentence.

The Kubernetes client is imported when a command first needs it: it takes longer to load than `size` takes to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, ApiException

Kubeconfig = Annotated[Path | None, typer.Option(help="The kubeconfig; else $KUBECONFIG, else ~/.kube/config.")]
Context = Annotated[str | None, typer.Option("--context", help="The kubeconfig's context; else its current one.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="The team's namespace; else that of the context.")
]


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A client and the namespace that the context names."""

    client: ApiClient
    namespace: str | None


def connect(kubeconfig: Path | None, context: str | None) -> Connection:
    """Read the kubeconfig; nothing is sent yet."""
    from kubernetes import config  # noqa: PLC0415  # see the module's docstring

    file = str(kubeconfig) if kubeconfig else None
    try:
        contexts, active = config.list_kube_config_contexts(config_file=file)  # type: ignore[no-untyped-call]  # the package's config module has no types
        client: ApiClient = config.new_client_from_config(config_file=file, context=context)  # type: ignore[no-untyped-call]  # as above
    except (config.ConfigException, OSError) as error:
        reason = str(error).rstrip(".") + (f" ({file})" if file else "")
        raise CommandError(
            f"no usable kubeconfig: {reason}. Give --kubeconfig FILE and --context NAME, or set KUBECONFIG.",
            code=ExitCode.NOT_FOUND,
        ) from error
    chosen = next((each for each in contexts if each["name"] == context), active)
    return Connection(client=client, namespace=chosen["context"].get("namespace"))


@contextmanager
def sentences(doing: str) -> Iterator[None]:
    """Turn what goes wrong on the way to the API server, or is refused there, into a `CommandError`."""
    from kubernetes.client import ApiException  # noqa: PLC0415  # see the module's docstring
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # comes with the client

    try:
        yield
    except ApiException as error:
        raise as_command_error(error, doing=doing) from error
    except HTTPError as error:
        raise CommandError(
            f"can't {doing}: the cluster can't be reached ({_root_cause(error)}). "
            "Is it up, and is this the right context?",
            code=ExitCode.UNREACHABLE,
        ) from error


def as_command_error(error: ApiException, *, doing: str) -> CommandError:
    """The API server's refusal in words, with the exit code that fits."""
    causes = _causes(error)
    if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        text = f"can't {doing}: this user may not ({causes}). Ask for the rights, or choose another context."
        return CommandError(text, code=ExitCode.DENIED)
    if error.status == HTTPStatus.NOT_FOUND:
        return CommandError(f"can't {doing}: {causes}", code=ExitCode.NOT_FOUND)
    if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return CommandError(f"can't {doing}: the cluster refuses it:\n{causes}", code=ExitCode.REFUSED)
    return CommandError(f"can't {doing}: {causes}")


def _causes(error: ApiException) -> str:
    """What a Status object says: each cause on its own line, or its message."""
    try:
        status = json.loads(error.body or "")
    except (TypeError, ValueError):
        return f"{error.status} {error.reason}"
    causes = (status.get("details") or {}).get("causes") or []
    lines = [": ".join(filter(None, (cause.get("field"), cause.get("message")))) for cause in causes]
    return "\n".join(lines) or str(status.get("message") or error.reason)


def _root_cause(error: BaseException) -> str:
    """The innermost reason: urllib3 wraps it several times."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _root_cause(reason)
    return str(error)
