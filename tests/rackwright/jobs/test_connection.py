"""Kubeconfigs as people have them, and the API server's refusals as sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from kubernetes import client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from rackwright.jobs.connection import as_jobs_error, client_errors, connect
from rackwright.jobs.errors import Denied, JobsError, NotFound, Refused, Unreachable

pytestmark = pytest.mark.pure

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "big", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "me", "user": {"token": "none"}}],
    "contexts": [
        {"name": "at-work", "context": {"cluster": "big", "user": "me", "namespace": "research"}},
        {"name": "at-home", "context": {"cluster": "big", "user": "me"}},
    ],
    "current-context": "at-work",
}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A kubeconfig with two contexts."""
    path = tmp_path / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(KUBECONFIG), encoding="utf-8")
    return path


def test_the_namespace_is_that_of_the_chosen_context_or_of_the_current_one(kubeconfig: Path) -> None:
    assert connect(kubeconfig, None).namespace == "research"
    assert connect(kubeconfig, "at-work").namespace == "research"
    assert connect(kubeconfig, "at-home").namespace is None


def test_an_unknown_context_is_told_with_those_that_there_are(kubeconfig: Path) -> None:
    with pytest.raises(NotFound) as refused:
        connect(kubeconfig, "nowhere")
    assert str(refused.value) == (
        f"context: got 'nowhere'; expected one that {kubeconfig} has: at-work, at-home. "
        "Name one of them by --context, or give another --kubeconfig."
    )


def test_without_a_current_context_one_must_be_named(kubeconfig: Path) -> None:
    kubeconfig.write_text(yaml.safe_dump({**KUBECONFIG, "current-context": ""}), encoding="utf-8")
    with pytest.raises(NotFound, match=r"has no current context\. Name one by --context; it has: at-work, at-home"):
        connect(kubeconfig, None)
    assert connect(kubeconfig, "at-work").namespace == "research"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contexts: [broken", "while parsing a flow sequence"),
        ("just words", "it isn't shaped as a kubeconfig is"),
        ("", "file is empty"),
        ("contexts: [{name: x, context: {cluster: y, user: z}}]\ncurrent-context: x", "Expected object with name y"),
        ("contexts: 3\ncurrent-context: x", "it isn't shaped as a kubeconfig is"),
    ],
)
def test_a_kubeconfig_that_is_none_is_a_sentence_and_no_traceback(kubeconfig: Path, text: str, says: str) -> None:
    kubeconfig.write_text(text, encoding="utf-8")
    with pytest.raises(NotFound, match=f"no usable kubeconfig: .*{says}.*Give --kubeconfig FILE"):
        connect(kubeconfig, None)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no such file \(.*/missing\)"):
        connect(tmp_path / "missing", None)


def refusal(status: int, body: str) -> client.ApiException:
    error = client.ApiException(status=status, reason="Reason")
    error.body = body
    return error


INVALID = json.dumps(
    {
        "kind": "Status",
        "message": "all in one",
        "details": {"causes": [{"field": "spec.gpus", "message": "too few"}, {"message": "and another"}]},
    }
)
"""As the API server answers for a rule that a document breaks."""


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Denied), (403, Denied), (404, NotFound), (400, Refused), (409, Refused), (422, Refused), (500, JobsError)],
)
def test_each_status_has_its_kind_of_error(status: int, kind: type[JobsError]) -> None:
    error = as_jobs_error(refusal(status, json.dumps({"message": "so it is"})), doing="list jobs")
    assert type(error) is kind
    assert str(error).startswith("can't list jobs: ")
    assert "so it is" in str(error)


def test_each_cause_stands_on_a_line_of_its_own() -> None:
    error = as_jobs_error(refusal(422, INVALID), doing="submit job a/b")
    assert str(error) == "can't submit job a/b: the cluster refuses it:\nspec.gpus: too few\nand another"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, '{"message": "Unauthorized"}', "doesn't accept these credentials (Unauthorized). Renew those"),
        (403, '{"message": "forbidden"}', "this user may not (forbidden). Ask for the rights"),
        (404, '{"message": "\\"llama\\" not found"}', '"llama" not found. Is this the right namespace'),
        (404, "404 page not found", "no such kind of object (404 Reason). Is this the right context, and has"),
    ],
)
def test_a_refusal_says_what_may_help(status: int, body: str, says: str) -> None:
    assert says in str(as_jobs_error(refusal(status, body), doing="list jobs"))


@pytest.mark.parametrize("body", ["<html>", '"words"', ""])
def test_an_answer_that_is_no_status_of_kubernetes_is_told_by_its_code(body: str) -> None:
    assert str(as_jobs_error(refusal(502, body), doing="list jobs")) == "can't list jobs: 502 Reason"


def test_an_unreachable_cluster_is_told_by_the_innermost_reason() -> None:
    pool = client.ApiClient(client.Configuration(host="http://127.0.0.1:1")).rest_client.pool_manager
    inner = NewConnectionError(pool.connection_from_url("http://127.0.0.1:1"), "nobody listens")  # type: ignore[arg-type]  # its message alone is asked for
    with pytest.raises(Unreachable, match=r"can't be reached \(.*nobody listens\)"), client_errors("list jobs"):
        raise MaxRetryError(None, "/", inner)  # type: ignore[arg-type]  # as above
