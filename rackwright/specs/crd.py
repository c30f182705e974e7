"""The CustomResourceDefinition of TrainingJob, generated from its model.

`python -m rackwright.specs.crd` writes it to the checkout's `manifests/crds/`; with `--check` it only says whether the
file there is what the model gives.

Pydantic's JSON Schema becomes the *structural* OpenAPI v3 that Kubernetes asks for: references inlined, `null` left out
(an unset field is absent), no `title`, no `additionalProperties: false` (the API server prunes unknown fields or, asked
to be strict, refuses them), `exclusiveMinimum` in its older form.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from rackwright.specs.kubernetes_names import GROUP, VERSION
from rackwright.specs.training_job import KIND, PLURAL, TrainingJob
from rackwright.specs.training_job_rules import (
    FROZEN_EXPECTED,
    FROZEN_FIELDS,
    FROZEN_REMEDY,
    NAME_RULE,
    SPEC_RULES,
    Rule,
    cel_message,
    message,
)

CRD_FILE = Path(__file__).parents[2] / "manifests" / "crds" / f"{GROUP}_{PLURAL}.yaml"

Schema = dict[str, Any]

KEPT_KEYWORDS = frozenset(
    {
        "default", "description", "enum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum",
        "minItems", "minLength", "minimum", "pattern", "properties", "required", "type",
    }
)  # fmt: skip
"""Keywords that mean the same in JSON Schema and in a structural schema (exclusiveMinimum is rewritten)."""

DROPPED_KEYWORDS = frozenset({"$defs", "additionalProperties", "remedy", "title"})

PRINTER_COLUMNS = (
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
    {"name": "Queue", "type": "string", "jsonPath": ".spec.queue"},
    {"name": "GPUs", "type": "integer", "jsonPath": ".spec.gpus"},
    {"name": "Step", "type": "integer", "jsonPath": ".status.progress.step"},
    {"name": "Restarts", "type": "integer", "jsonPath": ".status.restartCount"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Message", "type": "string", "jsonPath": ".status.message", "priority": 1},
)
"""What `kubectl get trainingjobs` shows; the message with `-o wide`."""


def training_job_crd() -> dict[str, Any]:
    """The CustomResourceDefinition, as an object."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["tj"],
                "categories": ["all", "rackwright"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [dict(column) for column in PRINTER_COLUMNS],
                    "schema": {"openAPIV3Schema": object_schema()},
                }
            ],
        },
    }


def object_schema() -> Schema:
    """The schema of a whole TrainingJob, with the rules of CEL at the root and at the spec."""
    written = TrainingJob.model_json_schema(by_alias=True)
    schema = structural(written, written["$defs"])
    properties = schema["properties"]
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = {"type": "object"}
    properties["spec"]["x-kubernetes-validations"] = [
        *(validation(rule, prefix="") | {"fieldPath": f".{rule.field}"} for rule in SPEC_RULES),
        *(
            {
                "rule": field.cel,
                "message": f"{FROZEN_EXPECTED[:1].upper()}{FROZEN_EXPECTED[1:]}: {FROZEN_REMEDY}.",
                "reason": "FieldValueForbidden",
                "fieldPath": f".{field.name}",
            }
            for field in FROZEN_FIELDS
        ),
    ]
    schema["x-kubernetes-validations"] = [validation(NAME_RULE, prefix="metadata.name: ")]
    schema["required"] = ["spec"]
    return schema


def validation(rule: Rule, *, prefix: str) -> Schema:
    """A rule as the API server takes it; `prefix` names a field that no `fieldPath` can."""
    text = prefix + message(got=rule.got, expected=rule.expected, remedy=rule.remedy)
    return {"rule": rule.cel, "messageExpression": cel_message(text), "reason": "FieldValueInvalid"}


def structural(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Rewrite pydantic's JSON Schema; raise `ValueError` for what a structural schema can't say."""
    schema = resolved(schema, definitions)
    unknown = {key for key in schema if not key.startswith("x-kubernetes-")} - KEPT_KEYWORDS - DROPPED_KEYWORDS
    if unknown - {"const"}:
        raise ValueError(f"no rewriting is known for {sorted(unknown)} in {schema}")
    result = {key: value for key, value in schema.items() if key in KEPT_KEYWORDS or key.startswith("x-kubernetes-")}
    if "const" in schema:
        result["enum"] = [schema["const"]]
    if "exclusiveMinimum" in result:
        result |= {"minimum": result["exclusiveMinimum"], "exclusiveMinimum": True}
    if "default" in result:
        result |= default(result.pop("default"))
    if "properties" in result:
        result["properties"] = {name: structural(each, definitions) for name, each in result["properties"].items()}
    if "items" in result:
        result["items"] = structural(result["items"], definitions)
    if result.get("type") in NUMBER_FORMATS:
        result["format"] = NUMBER_FORMATS[result["type"]]
    return result


def resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """The schema that a reference or a choice between something and `null` stands for."""
    if "$ref" in schema:
        chosen = definitions[schema["$ref"].removeprefix("#/$defs/")]
    elif "anyOf" in schema:
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        if len(choices) != 1:
            raise ValueError(f"a union of {len(choices)} types has no structural schema: {schema}")
        chosen = choices[0]
    else:
        return schema
    beside = {key: value for key, value in schema.items() if key not in {"$ref", "anyOf"}}
    return resolved({**chosen, **beside}, definitions)


def default(value: object) -> Schema:
    """The keyword for a default without nulls; none at all where the default is to be unset."""
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if item is not None}
    return {} if value is None else {"default": value}


NUMBER_FORMATS = {"integer": "int64", "number": "double"}


class BlockText(yaml.SafeDumper):
    """A dumper that repeats no object by reference, so that the file reads as one."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature of PyYAML
        """Never by reference."""
        return True


def written_crd() -> str:
    """The file's text."""
    text = yaml.dump(training_job_crd(), Dumper=BlockText, sort_keys=False, width=120, allow_unicode=True)
    return f"# Generated from rackwright/specs/training_job.py by: python -m rackwright.specs.crd\n{text}"


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or with `--check` return 1 if it isn't what the model gives."""
    parser = argparse.ArgumentParser(prog="python -m rackwright.specs.crd", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    asked = parser.parse_args(arguments)
    if not asked.check:
        CRD_FILE.parent.mkdir(parents=True, exist_ok=True)
        CRD_FILE.write_text(written_crd(), encoding="utf-8")
        return 0
    if CRD_FILE.is_file() and CRD_FILE.read_text(encoding="utf-8") == written_crd():
        return 0
    sys.stderr.write(f"{CRD_FILE} isn't what the model gives; run: python -m rackwright.specs.crd\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
