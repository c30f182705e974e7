"""The provider's configuration: what it may hold, what it means, and when a change of it means another cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.providers import differences
from rehearsal.providers.differences import Difference
from rehearsal.providers.model import Failure, ProviderError
from rehearsal.providers.values import UNKNOWN, Properties
from rehearsal.providers.values import Path as PropertyPath

TEXTS = frozenset({"kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"})

FLAGS = frozenset(
    {
        "deleteUnreachable",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "upsertExistingObjects",
    }
)
"""Booleans; they may come as the strings "true" and "false". Warnings aren't given here, so none need suppressing."""

KNOWN = TEXTS | FLAGS | {"version", "pluginDownloadURL"}

LEAVES_CLUSTER = ("kubeconfig", "context", "cluster")
"""Options whose change may mean another cluster."""


class KubeconfigError(ProviderError):
    """A kubeconfig that can't be used."""


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A kubeconfig's content, with one of its contexts chosen."""

    content: Mapping[str, Any]
    directory: Path | None
    """Where the file is, from which the paths in it count; None if it was given as text."""
    context: str | None
    cluster: str | None
    """The cluster's name, if it isn't the context's."""

    @classmethod
    def parse(cls, text: str | None, *, context: str | None = None, cluster: str | None = None) -> Kubeconfig:
        """Read it: YAML text, the path of a file, or nothing for what kubectl uses."""
        path = _path(text)
        content = path.read_text(encoding="utf-8") if path is not None else text
        try:
            document = yaml.safe_load(content or "")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)  # the error's own text would quote the content, keys included
            where = f" (line {mark.line + 1})" if mark is not None else ""
            raise KubeconfigError(f"kubeconfig: neither a file nor valid YAML{where}") from None
        if not isinstance(document, dict) or not document.get("clusters"):
            raise KubeconfigError(
                f"kubeconfig: {path or 'the text'} names no clusters; give the content or the path of a kubeconfig"
            )
        directory = path.parent if path is not None else None
        return cls(content=document, directory=directory, context=context, cluster=cluster)

    def active_context(self) -> Mapping[str, Any]:
        """The chosen context's entry."""
        name = self.context or self.content.get("current-context")
        found = _named(self.content, "contexts", "context", name)
        if found is None:
            names = ", ".join(str(entry.get("name")) for entry in self.content.get("contexts") or ()) or "none"
            raise KubeconfigError(
                f"kubeconfig: it has no context {name!r}; it has: {names}; set the provider's context to one of them"
            )
        return found

    def active_cluster(self) -> Mapping[str, Any]:
        """The chosen cluster's entry: its server and certificate authority."""
        name = self.cluster or self.active_context().get("cluster")
        found = _named(self.content, "clusters", "cluster", name)
        if found is None:
            raise KubeconfigError(f"kubeconfig: it has no cluster {name!r}")
        return found


def _path(text: str | None) -> Path | None:
    """The file that a kubeconfig option means; None when it's the content itself."""
    if text is None:
        # What kubectl does, but for joining several files
        return Path(os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)[0]).expanduser()
    if "\n" in text or text.lstrip().startswith("{"):
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise KubeconfigError(f"kubeconfig: there is no file {text}; give the content or the path of a kubeconfig")
    return path.resolve()


def _named(content: Mapping[str, Any], section: str, part: str, name: object) -> Mapping[str, Any] | None:
    for entry in content.get(section) or ():
        if entry.get("name") == name:
            found: Mapping[str, Any] = entry.get(part) or {}
            return found
    return None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A configuration, understood."""

    kubeconfig: Kubeconfig
    namespace: str
    """For objects that name none."""
    patch_force: bool
    """Take over fields that others manage."""
    upsert: bool
    """Creating what exists already changes it, instead of failing."""
    delete_unreachable: bool
    """Objects of a cluster that can't be reached count as gone."""
    mutable_config_maps: bool
    mutable_secrets: bool

    @classmethod
    def parse(cls, inputs: Properties) -> Settings:
        """Understand a checked configuration."""
        kubeconfig = Kubeconfig.parse(
            inputs.get("kubeconfig"), context=inputs.get("context"), cluster=inputs.get("cluster")
        )
        return cls(
            kubeconfig=kubeconfig,
            namespace=inputs.get("namespace") or kubeconfig.active_context().get("namespace") or "default",
            patch_force=_flag(inputs, "enablePatchForce"),
            upsert=_flag(inputs, "upsertExistingObjects"),
            delete_unreachable=_flag(inputs, "deleteUnreachable"),
            mutable_config_maps=_flag(inputs, "enableConfigMapMutable"),
            mutable_secrets=_flag(inputs, "enableSecretMutable"),
        )


def _flag(inputs: Properties, name: str) -> bool:
    return inputs.get(name) in (True, "true")


def failures(inputs: Properties) -> list[Failure]:
    """What is wrong with a configuration that may hold unknowns."""
    found = []
    for name, value in inputs.items():
        if value is UNKNOWN or value is None:
            continue
        if name not in KNOWN:
            found.append(Failure(name, f"the option {name} is not modelled by this stand-in provider; leave it out"))
        elif name in FLAGS and value not in (True, False, "true", "false"):
            found.append(Failure(name, f"{name}: found {value!r}, expected true or false"))
        elif name in TEXTS and not isinstance(value, str):
            found.append(Failure(name, f"{name}: found {type(value).__name__}, expected text"))
    if inputs.get("enableServerSideApply") in (False, "false"):
        reason = "client-side apply is not modelled by this stand-in provider; leave enableServerSideApply out"
        found.append(Failure("enableServerSideApply", reason))
    return found


def compare(old: Properties, new: Properties) -> Difference:
    """What a change of configuration means: only another cluster replaces the provider, and so all of its resources."""
    immutable: set[PropertyPath] = set()
    if old.get("clusterIdentifier") or new.get("clusterIdentifier"):
        immutable = {("clusterIdentifier",)} if new.get("clusterIdentifier") is not UNKNOWN else set()
    elif _is_another_cluster(old, new):
        immutable = {(name,) for name in LEAVES_CLUSTER}
    return differences.compare(old, new, immutable=immutable)


def _is_another_cluster(old: Properties, new: Properties) -> bool:
    """Whether two configurations name different clusters for certain; what can't be read is taken as the same one."""
    if any(new.get(name) is UNKNOWN for name in LEAVES_CLUSTER):
        return False
    try:
        before, after = (
            Kubeconfig.parse(
                inputs.get("kubeconfig"), context=inputs.get("context"), cluster=inputs.get("cluster")
            ).active_cluster()
            for inputs in (old, new)
        )
    except (KubeconfigError, OSError):
        return False
    return before != after
