"""The connection to a cluster, by the user's kubeconfig; what goes wrong on it becomes an error of `errors`.

The Kubernetes client is imported where it is first needed: it takes longer to load than `size` takes to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from rackwright.jobs.errors import Denied, JobsError, NotFound, Refused, Unreachable

if TYPE_CHECKING:  # see the module's docstring
    from kubernetes.client import ApiClient, ApiException

ANSWER_S = (10, 65)
"""Seconds to reach the cluster, and for its answer: more than the 60 after which the API server itself gives up
(kube-apiserver's --request-timeout), so that only a cluster that says nothing at all is given up here."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A client and the namespace that the context names."""

    client: ApiClient
    namespace: str | None

    @property
    def custom_objects(self) -> Any:  # noqa: ANN401  # its methods answer with untyped JSON
        """The API of TrainingJobs and of Kueue's objects."""
        from kubernetes.client import CustomObjectsApi  # noqa: PLC0415  # see the module's docstring

        return CustomObjectsApi(self.client)

    @property
    def core(self) -> Any:  # noqa: ANN401  # its methods answer with objects whose fields may all be missing
        """The API of pods and events."""
        from kubernetes.client import CoreV1Api  # noqa: PLC0415  # see the module's docstring

        return CoreV1Api(self.client)


def connect(kubeconfig: Path | None, context: str | None) -> Connection:
    """Read the kubeconfig (none: $KUBECONFIG, else ~/.kube/config); nothing is sent yet. `NotFound` if it's no use."""
    from kubernetes import config  # noqa: PLC0415  # see the module's docstring

    file = str(kubeconfig or config.KUBE_CONFIG_DEFAULT_LOCATION)
    with _kubeconfig_errors(file):
        chosen = _context(file, context)
        client: ApiClient = config.new_client_from_config(config_file=file, context=chosen["name"])  # type: ignore[no-untyped-call]  # the package's config module has no types
    return Connection(client=client, namespace=chosen["context"].get("namespace"))


def _context(file: str, name: str | None) -> dict[str, Any]:
    """The kubeconfig's context of that name, else its current one."""
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger  # noqa: PLC0415  # as above

    merged = KubeConfigMerger(file).config  # type: ignore[no-untyped-call]  # the package's config module has no types
    if merged is None:
        raise _unusable(file, "there is no such file")
    names = [str(each["name"]) for each in merged["contexts"].value]
    if name is not None and name not in names:
        raise NotFound(
            f"context: got {name!r}; expected one that {file} has: {', '.join(names) or 'none'}. "
            "Name one of them by --context, or give another --kubeconfig."
        )
    if name is None and not merged.safe_get("current-context"):
        raise NotFound(
            f"context: got none; expected one, as {file} has no current context. "
            f"Name one by --context; it has: {', '.join(names) or 'none'}."
        )
    loader = KubeConfigLoader(merged, active_context=name)  # type: ignore[no-untyped-call]  # as above
    chosen: dict[str, Any] = loader.current_context
    return chosen


@contextmanager
def _kubeconfig_errors(file: str) -> Iterator[None]:
    """Turn what is wrong with a kubeconfig into `NotFound`."""
    from kubernetes.config import ConfigException  # noqa: PLC0415  # see the module's docstring

    try:
        yield
    except (ConfigException, OSError, yaml.YAMLError) as error:
        raise _unusable(file, " ".join(str(error).split())) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the package checks no shapes
        raise _unusable(file, "it isn't shaped as a kubeconfig is") from error


def _unusable(file: str, reason: str) -> NotFound:
    return NotFound(
        f"no usable kubeconfig: {reason.rstrip('.')} ({file}). "
        "Give --kubeconfig FILE and --context NAME, or set KUBECONFIG."
    )


@contextmanager
def client_errors(doing: str) -> Iterator[None]:
    """Turn what goes wrong on the way to the API server, or is refused there, into a `JobsError`."""
    from kubernetes.client import ApiException  # noqa: PLC0415  # see the module's docstring
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # comes with the client

    try:
        yield
    except ApiException as error:
        raise as_jobs_error(error, doing=doing) from error
    except HTTPError as error:
        raise Unreachable(
            f"can't {doing}: the cluster can't be reached ({_root_cause(error)}). "
            "Is it up, and is this the right context?"
        ) from error


def as_jobs_error(error: ApiException, *, doing: str) -> JobsError:
    """The API server's refusal in words, of the kind that fits."""
    causes = _causes(error)
    match error.status:
        case HTTPStatus.UNAUTHORIZED:
            text = f"can't {doing}: the cluster doesn't accept these credentials ({causes}). "
            return Denied(text + "Renew those of the kubeconfig, or choose another context.")
        case HTTPStatus.FORBIDDEN:
            text = f"can't {doing}: this user may not ({causes}). Ask for the rights, or choose another context."
            return Denied(text)
        case HTTPStatus.NOT_FOUND if not _status(error):
            text = f"can't {doing}: the cluster has no such kind of object ({causes}). "
            return NotFound(text + "Is this the right context, and has the cluster been made by `rackwright up`?")
        case HTTPStatus.NOT_FOUND:
            return NotFound(f"can't {doing}: {causes}. Is this the right namespace, and the right context?")
        case HTTPStatus.BAD_REQUEST | HTTPStatus.CONFLICT | HTTPStatus.UNPROCESSABLE_ENTITY:
            return Refused(f"can't {doing}: the cluster refuses it:\n{causes}")
        case _:
            return JobsError(f"can't {doing}: {causes}")


def _causes(error: ApiException) -> str:
    """What went wrong: each cause on its own line, or the API server's message."""
    status = _status(error)
    if not status:
        return f"{error.status} {error.reason}"
    causes = (status.get("details") or {}).get("causes") or []
    lines = [": ".join(filter(None, (cause.get("field"), cause.get("message")))) for cause in causes]
    return "\n".join(lines) or str(status.get("message") or error.reason)


def _status(error: ApiException) -> dict[str, Any]:
    """The Status object that the API server sends; empty from a proxy on the way, or for an unknown kind of object."""
    try:
        status = json.loads(error.body or "")
    except (TypeError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}


def _root_cause(error: BaseException) -> str:
    """The innermost reason: urllib3 wraps it several times."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _root_cause(reason)
    return str(error)
