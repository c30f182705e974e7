"""Golden pairs: what goes into a template and what comes out, as files for people to read side by side.

Each folder `golden/<kind>/<case>` holds an `input.yaml` and its `output.yaml`. A cluster in an input is a JSON merge
patch (RFC 7396) to that of `tests/cluster.yaml`. `python -m tests.rackwright.rendering.pairs` writes all outputs anew;
the difference to the commit before is then what a change of a template does.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from rackwright.rendering import operator_objects
from rackwright.rendering.jobset import jobset
from rackwright.rendering.nodes import JOIN_SCRIPT_PATH, node_document, user_data
from rackwright.rendering.templates import templates_directory
from rackwright.specs import ClusterSpec, TrainingJob, load_document

GOLDEN = Path(__file__).parent / "golden"
CLUSTER = Path(__file__).parents[2] / "cluster.yaml"

JOB_UID = "00000000-0000-4000-8000-000000000000"
"""What Kubernetes would give the TrainingJob."""

Document = TypeVar("Document", bound=BaseModel)


def rendered_jobset(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The JobSet of `job` on `cluster`, which is the part of a cluster's spec that the operator gets."""
    cluster = patched(load_document(CLUSTER, ClusterSpec).for_jobs(), given["cluster"])
    return [jobset(TrainingJob.model_validate(given["job"]), cluster, uid=JOB_UID)]


def rendered_user_data(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The cloud-init document of GPU hosts; the script, which is a file of its own, is named in place of its text."""
    cluster = patched(load_document(CLUSTER, ClusterSpec), given["cluster"])
    encoded = user_data(
        node_document(cluster.gpu_pool, cluster.fabric),
        kubernetes_version=cluster.kubernetes_version,
        api_host=given["api_host"],
        ca_base64=given["ca_base64"],
    )
    document: dict[str, Any] = yaml.safe_load(base64.b64decode(encoded))
    script = templates_directory() / "nodes" / "join.py"
    for file in document["write_files"]:
        if file["path"] == JOIN_SCRIPT_PATH and file["content"] == script.read_text(encoding="utf-8"):
            file["content"] = "(manifests/nodes/join.py)"
    return [document]


def rendered_operator(given: dict[str, Any]) -> list[dict[str, Any]]:
    """All objects that run the operator on `cluster`."""
    return operator_objects(patched(load_document(CLUSTER, ClusterSpec), given["cluster"]))


KINDS: dict[str, Callable[[dict[str, Any]], list[dict[str, Any]]]] = {
    "jobset": rendered_jobset,
    "nodes": rendered_user_data,
    "operator": rendered_operator,
}
"""What renders the inputs of each kind."""


def cases() -> list[str]:
    """`<kind>/<case>` of every pair."""
    return sorted(f"{kind}/{case.name}" for kind in KINDS for case in (GOLDEN / kind).iterdir())


def rendered(case: str) -> list[dict[str, Any]]:
    """What comes of a case's input."""
    given = yaml.safe_load((GOLDEN / case / "input.yaml").read_text(encoding="utf-8"))
    return KINDS[case.partition("/")[0]](given)


def golden(case: str) -> list[dict[str, Any]]:
    """What shall come of it."""
    return list(yaml.safe_load_all((GOLDEN / case / "output.yaml").read_text(encoding="utf-8")))


def patched(document: Document, patch: dict[str, Any]) -> Document:
    """A document after a JSON merge patch."""
    written = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    return type(document).model_validate(merged(written, patch))


def merged(target: object, patch: object) -> object:
    """RFC 7396: objects are merged, null removes a member, and everything else takes the place of what was there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


class _Readable(yaml.SafeDumper):
    """Texts of several lines stand as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Readable.add_representer(str, _text)


def write_outputs() -> None:
    """Write every output as it is rendered now."""
    for case in cases():
        text = yaml.dump_all(rendered(case), Dumper=_Readable, sort_keys=False, width=120)
        (GOLDEN / case / "output.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_outputs()
