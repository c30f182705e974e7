"""The real Pulumi engine in a rehearsal's own home: own plugins, own state, own passphrase, nothing of the user's."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args

from pulumi import automation

from rackwright.specs.stacks import Part, stack_name
from rehearsal import processes
from rehearsal.access import programs as access
from rehearsal.files import write_whole
from rehearsal.providers import official, plugins
from rehearsal.state import StateDirectory
from rehearsal.tools import Toolbox

Result = TypeVar("Result")

STOPPING_POLL_S = 0.1
"""Seconds between two looks for what an interrupted engine still runs."""

PROJECT_ROOT = Path(__file__).parents[1]
"""Where Pulumi.yaml stands."""


def stacks_name(state: StateDirectory) -> str:
    """What the names of a rehearsal's stacks begin with; no other rehearsal has the same."""
    return f"rehearsal-{state.id}"


def stack_files(state: StateDirectory) -> list[Path]:
    """The stacks' settings, which Pulumi keeps beside Pulumi.yaml."""
    return [PROJECT_ROOT / f"Pulumi.{stack_name(stacks_name(state), part)}.yaml" for part in get_args(Part)]


ENGINE_ECHOES = (
    "error: update failed",
    "error: preview failed",
    "error: an unhandled error occurred: program exited with non-zero exit code: 1",
)
"""What the engine says after the real reason."""


STAND_IN = "stand-in"
"""What is said of the `kubernetes` plugin where it isn't the official one."""

WITHOUT_OFFICIAL = (
    f"it ran on the official kubernetes plugin, which gets charts from where they are published; {official.CHOICE}="
    f"{STAND_IN} rehearses on pinned copies"
)
"""The remedy for a failure that may be the plugin's, since the plugin wasn't asked for."""


class EngineError(RuntimeError):
    """An engine that failed; the message holds what it and the programs said was wrong."""


class Engine:
    """A cluster's stacks of the project in `stacks/`, run by the real engine against the rehearsal's plugins."""

    def __init__(self, state: StateDirectory, toolbox: Toolbox) -> None:
        self.state = state
        self.toolbox = toolbox

    def environment(self) -> dict[str, str]:
        """What a shell needs so that `pulumi`, `kubectl` and `rackwright` work against the rehearsal."""
        python = Path(sys.executable).parent
        path = [access.folder(self.state), self._programs, python, os.environ.get("PATH", os.defpath)]
        return {
            "RACKWRIGHT_STACK": stacks_name(self.state),
            "RACKWRIGHT_SPEC": str(self.state.facts().get("cluster_spec", "cluster.yaml")),
            "PULUMI_STACK": stack_name(stacks_name(self.state), "inside"),
            "PULUMI_HOME": str(self.state.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.state.pulumi_backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase_file),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # a plugin of the user's on PATH would come before the rehearsal's
            "KUBECONFIG": str(self.state.kubeconfig("admin")),
            "PATH": os.pathsep.join(map(str, path)),
        }

    @property
    def _programs(self) -> Path:
        """A link to the pinned programs, `pulumi` and `kubectl` among them."""
        return self.state.root / "pulumi" / "bin"

    @property
    def _passphrase_file(self) -> Path:
        return self.state.root / "pulumi" / "passphrase"

    def prepare(self, cluster_spec: Path, *, tunnel_port: int) -> None:
        """Install the stand-in plugins, make the stacks and point them to a cluster spec.

        `tunnel_port` is this machine's, where a tunnel to the cluster would begin.
        """
        self._programs.symlink_to(self.toolbox.bin_directory())
        access.install(self.state, python=Path(sys.executable))
        self._install_plugins()
        self.state.describe(cluster_spec=str(cluster_spec))
        write_whole(self._passphrase_file, secrets.token_urlsafe(32))
        for part in get_args(Part):
            settings = {
                "rackwright:clusterSpec": str(cluster_spec),
                "rackwright:part": part,
                "rackwright:tunnelPort": str(tunnel_port),
            }
            self._run("making the stack", partial(self._make, part, settings))

    def _make(self, part: Part, settings: dict[str, str]) -> None:
        values = {key: automation.ConfigValue(value) for key, value in settings.items()}
        self._stack(part, create=True).set_all_config(values)

    def _install_plugins(self) -> None:
        try:
            found = official.choose(os.environ)
        except official.PluginError as error:
            raise EngineError(str(error)) from error
        chosen = {} if found is None else {"kubernetes": found}
        plugins.install(self.state.pulumi_home, state=self.state.root, python=Path(sys.executable), official=chosen)
        self.state.describe(kubernetes_plugin=STAND_IN if found is None else f"official, {found}")

    @property
    def kubernetes_plugin(self) -> str:
        """Which of Pulumi's `kubernetes` plugins plays: the stand-in, or the official one and where it is."""
        return str(self.state.facts().get("kubernetes_plugin", STAND_IN))

    def up(self, part: Part, on_event: Callable[[automation.EngineEvent], None]) -> automation.UpResult:
        """Make a part of the cluster as its spec says."""
        log = self._log(f"pulumi-up-{part}")
        return self._run("pulumi up", lambda: self._stack(part).up(on_event=on_event, on_output=log, color="never"))

    def preview(self, part: Part) -> automation.PreviewResult:
        """Say what `up` would change."""
        log = self._log(f"pulumi-preview-{part}")
        return self._run("pulumi preview", lambda: self._stack(part).preview(on_output=log, color="never"))

    def destroy(self, part: Part, on_event: Callable[[automation.EngineEvent], None]) -> automation.DestroyResult:
        """Take a part down again."""
        log = self._log(f"pulumi-destroy-{part}")
        return self._run(
            "pulumi destroy", lambda: self._stack(part).destroy(on_event=on_event, on_output=log, color="never")
        )

    def outputs(self, part: Part) -> dict[str, Any]:
        """What a part put out, by name."""
        found = self._run("pulumi stack output", lambda: self._stack(part).outputs())
        return {name: output.value for name, output in found.items()}

    def resources(self) -> list[str]:
        """The URNs of all resources in the stacks' states."""
        return [urn for part in get_args(Part) for urn in self._resources(part)]

    def _resources(self, part: Part) -> list[str]:
        deployment = self._run("pulumi stack export", lambda: self._stack(part).export_stack()).deployment or {}
        return [resource["urn"] for resource in deployment.get("resources", [])]

    def _run(self, doing: str, call: Callable[[], Result]) -> Result:
        """Call the Automation API in a thread of its own.

        Interrupted itself, it would close its pipes under the threads that read them, which then complain on the
        terminal. So the main thread alone is interrupted; it ends the engine, and the call with it. `EngineError` when
        the engine fails.
        """
        with self._errors(doing), futures.ThreadPoolExecutor(max_workers=1) as executor:
            future = executor.submit(call)
            try:
                return future.result()
            except KeyboardInterrupt:
                while not future.done():
                    processes.stop_marked(self.state.id, grace_s=0)
                    futures.wait([future], timeout=STOPPING_POLL_S)
                raise

    def _stack(self, part: Part, *, create: bool = False) -> automation.Stack:
        # The Automation API takes a command by the directory above its bin/.
        command = automation.PulumiCommand(root=str(self._programs.parent), skip_version_check=True)
        options = automation.LocalWorkspaceOptions(
            env_vars={**self.environment(), processes.MARK: self.state.id}, pulumi_command=command
        )
        name = stack_name(stacks_name(self.state), part)
        if create:
            return automation.create_stack(name, work_dir=str(PROJECT_ROOT), opts=options)
        return automation.select_stack(name, work_dir=str(PROJECT_ROOT), opts=options)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except automation.CommandError as error:
            lines = [line.strip() for line in str(error).splitlines()]
            said = (line for line in lines if line.startswith("error:") and line not in ENGINE_ECHOES)
            causes = dict.fromkeys(line.removeprefix("error:").strip() for line in said)
            remedies = [] if self.kubernetes_plugin == STAND_IN else [WITHOUT_OFFICIAL]
            raise EngineError("\n".join([f"{doing} failed", *causes, *remedies])) from error

    def _log(self, name: str) -> Callable[[str], None]:
        path = self.state.log(name)

        def write(line: str) -> None:
            with path.open("a", encoding="utf-8") as file:
                file.write(line.rstrip("\n") + "\n")

        return write
