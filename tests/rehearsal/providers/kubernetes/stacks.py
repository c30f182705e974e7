"""Stacks for the real engine, and what it says that it does to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pulumi import automation

from rehearsal.tools import Toolbox


@contextmanager
def living(
    program: Callable[[], None], *, directory: Path, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[automation.Stack]:
    """A stack with the plugins in `directory`/home and a state backend of its own; what is left of it is destroyed."""
    backend = directory / "backend"
    backend.mkdir()
    monkeypatch.setenv("PATH", f"{toolbox.bin_directory()}:/usr/bin:/bin")
    environment = {
        "PULUMI_HOME": str(directory / "home"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = automation.create_or_select_stack(
        "dev", "life", program, opts=automation.LocalWorkspaceOptions(env_vars=environment)
    )
    try:
        yield made
    finally:
        made.destroy()


class Changes:
    """What a run did or would do to each resource, from the engine's own events."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.steps: dict[str, str] = {}
        self.details: dict[str, dict[str, str]] = {}
        self.diagnostics: list[str] = []

    def __call__(self, event: automation.EngineEvent) -> None:
        """Take an event."""
        if event.diagnostic_event and event.diagnostic_event.severity in ("warning", "error"):
            self.diagnostics.append(event.diagnostic_event.message)
        if event.resource_pre_event and event.resource_pre_event.metadata.op != "same":
            metadata = event.resource_pre_event.metadata
            name = metadata.urn.rsplit("::", 1)[-1]
            self.steps[name] = str(getattr(metadata.op, "value", metadata.op))
            self.details[name] = {path: diff.diff_kind.value for path, diff in (metadata.detailed_diff or {}).items()}


def previewed(stack: automation.Stack) -> Changes:
    """What the engine would do now; it warns of nothing."""
    changes = Changes()
    stack.preview(on_event=changes)
    assert changes.diagnostics == []
    return changes
