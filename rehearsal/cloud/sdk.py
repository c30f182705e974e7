"""What the official SDK says of each modelled resource type, read from its source.

`python -m rehearsal.cloud.sdk` writes `rehearsal/cloud/types/*.json` from the installed `pulumi_oci`; a test compares
them. A property is updatable when its documentation starts with "(Updatable)", as Oracle's provider documents each
property that doesn't force a new resource.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

SDK = "pulumi_oci"

TYPES = Path(__file__).parent / "types"
"""One file for each service: by type token, the properties that it takes and those that Oracle computes."""

MODELLED = {
    "bastion": ("Bastion",),
    "core": (
        "ClusterNetwork",
        "ComputeCluster",
        "DefaultSecurityList",
        "DrgAttachment",
        "InstanceConfiguration",
        "InternetGateway",
        "NatGateway",
        "NetworkSecurityGroup",
        "NetworkSecurityGroupSecurityRule",
        "RouteTable",
        "SecurityList",
        "ServiceGateway",
        "Subnet",
        "Vcn",
    ),
    "containerengine": ("Addon", "Cluster", "NodePool"),
    "filestorage": ("Export", "FileSystem", "MountTarget"),
    "identity": ("DynamicGroup", "Policy"),
    "lustre": ("FileStorageLustreFileSystem",),
    "objectstorage": ("Bucket",),
}
"""The resource types that the simulation has, by the SDK's module."""

UNDOCUMENTED_TWINS = {"DefaultSecurityList": "SecurityList"}
"""Types without documentation of their properties, each with the type whose properties it shares."""

SCALARS = {
    "_builtins.str": "string",
    "_builtins.int": "integer",
    "_builtins.float": "number",
    "_builtins.bool": "boolean",
}

TOKEN = re.compile(r"oci:\w+/\w+:\w+")
"""A type's token."""

UPDATABLE = re.compile(r"(\(Optional\) )?\(Updatable\)")

UPDATABLE_AS_A_WHOLE = frozenset({"egressSecurityRules", "ingressSecurityRules"})
"""Lists that Oracle replaces as a whole on update, so that nothing in them forces a new resource, marked or not."""


def describe(module: str) -> dict[str, Any]:
    """All modelled types of one SDK module, by their tokens."""
    described = {}
    for name in MODELLED[module]:
        tree = _tree(module, _snake(name))
        inputs = _properties(module, _class(tree, f"{name}Args"))
        if twin := UNDOCUMENTED_TWINS.get(name):
            documented = _properties(module, _class(_tree(module, _snake(twin)), f"{twin}Args"))
            inputs = {
                key: documented.get(key, value) | {"required": value["required"]} for key, value in inputs.items()
            }
        outputs = _wire_names(_class(tree, name))
        described[_token(tree)] = {"inputs": inputs, "computed": sorted(set(outputs.values()) - set(inputs))}
    return described


def document(module: str) -> str:
    """The text of the module's file."""
    content = {"sdk": f"{SDK} {importlib.metadata.version(SDK)}", "types": describe(module)}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def write() -> None:
    """Write all files anew."""
    for module in MODELLED:
        (TYPES / f"{module}.json").write_text(document(module), encoding="utf-8")


def _properties(module: str, args: ast.ClassDef) -> dict[str, Any]:
    init = next(node for node in args.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    documentation = dict(re.findall(r":param .*? (\w+): (.*)", ast.get_docstring(init) or ""))
    wire = _wire_names(args)
    defaults = dict(zip((each.arg for each in init.args.kwonlyargs), init.args.kw_defaults, strict=True))
    described = {
        wire[each.arg]: {
            **_type(module, ast.unparse(each.annotation) if each.annotation else ""),
            "required": defaults[each.arg] is None,
            "updatable": bool(UPDATABLE.match(documentation.get(each.arg, ""))),
        }
        for each in init.args.kwonlyargs
    }
    for name in UPDATABLE_AS_A_WHOLE & described.keys():
        _mark_updatable(described[name])
    return described


def _mark_updatable(described: dict[str, Any]) -> None:
    if "updatable" in described:
        described["updatable"] = True
    for inner in (*described.get("properties", {}).values(), *([described["items"]] if "items" in described else ())):
        _mark_updatable(inner)


def _type(module: str, annotation: str) -> dict[str, Any]:
    inner = re.sub(r"^pulumi\.Input\[(.*)\]$", r"\1", annotation)
    inner = re.sub(r"^Optional\[(.*)\]$", r"\1", inner)
    if inner in SCALARS:
        return {"type": SCALARS[inner]}
    if inner.startswith("Sequence["):
        return {"type": "list", "items": _type(module, inner.removeprefix("Sequence[").removesuffix("]"))}
    if inner.startswith("Mapping["):
        return {"type": "map"}
    name = inner.strip("'\"")
    return {"type": "object", "properties": _properties(module, _class(_tree(module, "_inputs"), name))}


def _wire_names(definition: ast.ClassDef) -> dict[str, str]:
    """The name on the wire of each property, by its name in Python."""
    names = {}
    for node in definition.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            text = ast.unparse(decorator)
            if text.startswith("pulumi.getter"):
                match = re.search(r"name='(\w+)'", text)
                names[node.name] = match[1] if match else node.name
    return names


def _token(tree: ast.Module) -> str:
    """The type token, as the resource class passes it to the engine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TOKEN.fullmatch(node.value):
            return node.value
    raise ValueError("no type token in the module")


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


@cache
def _tree(module: str, file: str) -> ast.Module:
    spec = importlib.util.find_spec(SDK)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{SDK} is not installed")
    source = Path(spec.submodule_search_locations[0]) / module / f"{file}.py"
    return ast.parse(source.read_text(encoding="utf-8"))


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    write()
