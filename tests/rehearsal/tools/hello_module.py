"""A small Go module, served by a module proxy of files, so that Go builds it for real."""

from __future__ import annotations

import subprocess
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.tools.pins import Asset, Module, Program

MODULE_PATH = "example.test/hello"

GOOD_MAIN = """package main

import "os"

var version = "unset"

const unique = "{unique}"

func main() {{ os.Stdout.WriteString("hello version " + version + " " + unique + "\\n") }}
"""

BROKEN_MAIN = """package main

func main() {{ _ = undefinedThing; _ = "{unique}" }}
"""


@dataclass(frozen=True, kw_only=True)
class Hello:
    """A program and an asset to ask for, and the proxy that their module comes from."""

    go: Path
    proxy: Path
    program: Program
    asset: Asset

    @property
    def module(self) -> Module:
        """The folder of pins that both come from."""
        return self.program.module

    def release(self, version: str, main: str = GOOD_MAIN) -> None:
        """Publish a version of the module, with source that no build cache has seen."""
        versions = self.proxy / MODULE_PATH / "@v"
        versions.mkdir(parents=True, exist_ok=True)
        go_mod = f"module {MODULE_PATH}\n\ngo 1.26\n"
        (versions / f"{version}.mod").write_text(go_mod)
        (versions / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
        with zipfile.ZipFile(versions / f"{version}.zip", "w") as archive:
            prefix = f"{MODULE_PATH}@{version}"
            archive.writestr(f"{prefix}/go.mod", go_mod)
            archive.writestr(f"{prefix}/main.go", main.format(unique=uuid.uuid4().hex))
            archive.writestr(f"{prefix}/scripts/hello-exec", "#!/bin/sh\n")
            archive.writestr(f"{prefix}/data/deep/file.yaml", "kind: Hello\n")

    def require(self, version: str) -> None:
        """Pin a published version, as a developer does."""
        directory = self.module.directory
        (directory / "go.mod").write_text(f"module pins\n\ngo 1.26\n\nrequire {MODULE_PATH} {version}\n")
        (directory / "go.sum").write_text("")
        (directory / "tools.go").write_text(f'//go:build tools\n\npackage tools\n\nimport _ "{MODULE_PATH}"\n')
        subprocess.run([self.go, "mod", "tidy"], cwd=directory, check=True, capture_output=True)


@dataclass
class Recorder:
    """A reporter that keeps what it is told."""

    events: list[str] = field(default_factory=list)

    def begin(self, total: int) -> None:
        """See Reporter."""
        self.events.append(f"begin {total}")

    def start(self, tool: str) -> None:
        """See Reporter."""
        self.events.append(f"start {tool}")

    def wait(self, tool: str) -> None:
        """See Reporter."""
        self.events.append(f"wait {tool}")

    def activity(self, text: str) -> None:
        """See Reporter."""

    def finish(self, tool: str) -> None:
        """See Reporter."""
        self.events.append(f"finish {tool}")

    def end(self) -> None:
        """See Reporter."""
        self.events.append("end")
