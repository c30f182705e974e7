"""Which programs and files a rehearsal uses, and where each is pinned.

A version has one home: the `require` line of `modules/<directory>/go.mod`. This
table adds what a Go module file can't say: the package, the variable that the linker
sets to the version, and how the program tells its version.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rehearsal.tools.errors import ToolError

MODULES_DIRECTORY = Path(__file__).parent / "modules"

PIN_FILES = ("go.mod", "go.sum", "tools.go")
"""The files that decide what a Go module builds."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A Go module of ours (a folder with go.mod, go.sum and tools.go) that pins another."""

    directory: Path
    """Our folder."""
    path: str
    """The module path whose required version is the tool's version."""

    def version(self) -> str:
        """The pinned version as Go writes it, such as `v1.36.3`; from go.mod."""
        go_mod = (self.directory / "go.mod").read_text(encoding="utf-8")
        required = re.search(rf"^(?:require)?\s*{re.escape(self.path)}\s+(v\S+)", go_mod, re.MULTILINE)
        if required is None:
            raise ToolError(
                f"{self.directory / 'go.mod'} does not require {self.path}; add the line "
                f"'require {self.path} vX.Y.Z' and run 'go mod tidy' there."
            )
        return required.group(1)


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program, built from one package of a pinned module."""

    name: str
    module: Module
    package: str
    version_variable: str | None = None
    """The string variable that the linker sets to the version, if the program has one."""
    version_arguments: tuple[str, ...] | None = None
    """The arguments with which it prints its version; None: only Go's build information tells."""
    companions: tuple[str, ...] = ()
    """Scripts of the module, as paths in it, that must lie beside the program."""

    def linker_flags(self) -> str:
        """Go's `-ldflags`: without debug tables (a third of the size), with the version."""
        flags = "-s -w"
        if self.version_variable is not None:
            flags += f" -X {self.version_variable}={self.module.version()}"
        return flags

    def ingredients(self) -> tuple[str, ...]:
        """What else than the module's files decides the result; part of the cache key."""
        return ("program", self.package, self.linker_flags(), *self.companions)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file or folder copied from a pinned module's source."""

    name: str
    module: Module
    source: str
    """Its path in the module."""

    def ingredients(self) -> tuple[str, ...]:
        """What else than the module's files decides the result; part of the cache key."""
        return ("asset", self.module.path, self.source)


Pin = Program | Asset


def _module(directory: str, path: str) -> Module:
    return Module(directory=MODULES_DIRECTORY / directory, path=path)


_ETCD = _module("etcd", "go.etcd.io/etcd/server/v3")
_KUBERNETES = _module("kubernetes", "k8s.io/kubernetes")
_KWOK = _module("kwok", "sigs.k8s.io/kwok")
_HELM = _module("helm", "helm.sh/helm/v4")
_JOBSET = _module("jobset", "sigs.k8s.io/jobset")
_KUEUE = _module("kueue", "sigs.k8s.io/kueue")
_PULUMI = _module("pulumi", "github.com/pulumi/pulumi/pkg/v3")
_PULUMI_PYTHON = _module("pulumi-language-python", "github.com/pulumi/pulumi/sdk/v3")


def _kubernetes(name: str, *version_arguments: str) -> Program:
    return Program(
        name=name,
        module=_KUBERNETES,
        package=f"k8s.io/kubernetes/cmd/{name}",
        version_variable="k8s.io/component-base/version.gitVersion",
        version_arguments=version_arguments,
    )


PINS: tuple[Pin, ...] = (
    Program(
        name="etcd",
        module=_ETCD,
        package="go.etcd.io/etcd/server/v3",
        version_arguments=("--version",),
    ),
    _kubernetes("kube-apiserver", "--version"),
    _kubernetes("kube-controller-manager", "--version"),
    _kubernetes("kube-scheduler", "--version"),
    _kubernetes("kubectl", "version", "--client"),
    Program(
        name="kwok",
        module=_KWOK,
        package="sigs.k8s.io/kwok/cmd/kwok",
        version_arguments=("--version",),
    ),
    Asset(name="kwok-stages", module=_KWOK, source="kustomize/stage"),
    Program(
        name="helm",
        module=_HELM,
        package="helm.sh/helm/v4/cmd/helm",
        version_variable="helm.sh/helm/v4/internal/version.version",
        version_arguments=("version", "--template", "{{.Version}}"),
    ),
    Program(
        name="pulumi",
        module=_PULUMI,
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
        version_arguments=("version",),
    ),
    Program(
        name="pulumi-language-python",
        module=_PULUMI_PYTHON,
        package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
        companions=("python/cmd/pulumi-language-python-exec",),
    ),
    Asset(
        name="pulumi-analyzer-policy-python",
        module=_PULUMI_PYTHON,
        source="python/dist/pulumi-analyzer-policy-python",
    ),
    Program(
        name="jobset",
        module=_JOBSET,
        package="sigs.k8s.io/jobset",
        version_variable="sigs.k8s.io/jobset/pkg/version.GitVersion",
    ),
    Asset(name="jobset-chart", module=_JOBSET, source="charts/jobset"),
    Program(
        name="kueue",
        module=_KUEUE,
        package="sigs.k8s.io/kueue/cmd/kueue",
        version_variable="sigs.k8s.io/kueue/pkg/version.GitVersion",
    ),
    Asset(name="kueue-chart", module=_KUEUE, source="charts/kueue"),
)
"""In the order of building: a small one first, so that the big ones download meanwhile."""


def select(names: Collection[str] | None, *, pins: Collection[Pin] = PINS) -> list[Pin]:
    """The pins of these names in the order of building; None means all of them."""
    if names is None:
        return list(pins)
    known = {pin.name for pin in pins}
    unknown = sorted(set(names) - known)
    if unknown:
        raise ToolError(f"No tool is called {', '.join(unknown)}; the known ones are {', '.join(sorted(known))}.")
    return [pin for pin in pins if pin.name in names]
