"""`rackwright preview|up|down|access`: the real Pulumi, run in the checkout on a cluster spec that was checked first.

A cluster is two stacks: what is made in its cloud, and what runs on the Kubernetes that is then there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from rackwright.access import server, unreachable, way_there
from rackwright.cli.checkout import find_checkout
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.specs import ClusterSpec, load_document
from rackwright.specs.places import OraclePlace
from rackwright.specs.stacks import Part, parts, stack_name

SPEC_KEY = "rackwright:clusterSpec"
"""The stack's setting that names the cluster spec."""

PART_KEY = "rackwright:part"
"""The stack's setting that says which part of the cluster it is."""

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}
"""What this command line doesn't know goes on to Pulumi."""

Spec = Annotated[Path, typer.Option(envvar="RACKWRIGHT_SPEC", help="The cluster spec.")]
Stack = Annotated[
    str | None,
    typer.Option(
        envvar="RACKWRIGHT_STACK",
        help="What the names of Pulumi's stacks begin with (NAME-cloud, NAME-inside), made if they aren't there. "
        "Default: the cluster's name.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]

DEFAULT_SPEC = Path("cluster.yaml")

NO_OCI = (
    "oci isn't on PATH: a cluster at Oracle is spoken to with tokens that Oracle's command line gets; install it "
    "(docs.oracle.com, CLI installation) and try again."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command, example in (
        (preview, "rackwright preview --spec cluster.yaml --diff"),
        (up, "rackwright up --spec cluster.yaml --yes"),
        (down, "rackwright down --spec cluster.yaml --yes"),
    ):
        epilog = f"Example: `{example}`. Options that aren't listed go on to Pulumi, whose exit code is passed on."
        app.command(epilog=epilog, context_settings=PASS_THROUGH)(command)
    app.command(epilog="Example: `rackwright access --spec cluster.yaml | sh`, in a terminal of its own.")(access)


def preview(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None) -> None:
    """Show what `up` would change (`pulumi preview`), in the cluster's cloud and inside the cluster."""
    stacks = Stacks.of(spec, stack)
    for part in stacks.parts:
        if part == "inside" and stacks.is_rented:
            if stacks.kubeconfig is None:
                typer.echo("what runs inside can be previewed once the cluster is there", err=True)
                return
            stacks.check_oci()
            stacks.check_reachable()
        stacks.run("preview", part, context.args)


def up(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None, yes: Yes = False) -> None:
    """Make the cluster as its spec says (`pulumi up`): first its cloud, then what runs inside."""
    stacks = Stacks.of(spec, stack)
    stacks.check_oci()
    for part in stacks.parts:
        if part == "inside":
            stacks.check_reachable()
        stacks.run("up", part, [*_confirmed(yes=yes), *context.args])


def down(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None, yes: Yes = False) -> None:
    """Delete the cluster and all that belongs to it (`pulumi destroy`): first what runs inside, then its cloud."""
    stacks = Stacks.of(spec, stack)
    stacks.check_oci()
    for part in reversed(stacks.parts):
        if part == "inside" and stacks.is_rented:
            if not stacks.holds_objects(part):
                continue
            stacks.check_reachable()
        stacks.run("destroy", part, [*_confirmed(yes=yes), *context.args])


def access(*, spec: Spec = DEFAULT_SPEC, stack: Stack = None) -> None:
    """Print how to get to the cluster's API: for a bastion, the commands that open a tunnel through it."""
    stacks = Stacks.of(spec, stack)
    place = stacks.cluster.place
    if not isinstance(place, OraclePlace):
        typer.echo(f"# the kubeconfig's context {place.kubeconfig_context} leads there")
        return
    way = place.network.api_access
    if way.way_in != "bastion":
        typer.echo(f"# {way_there(way)}")
        return
    commands = stacks.output("cloud", "tunnel")
    if commands is None:
        raise CommandError(
            f"there is no bastion yet in the stack {stacks.name('cloud')}: make the cluster's cloud part by "
            "`rackwright up`.",
            code=ExitCode.NOT_FOUND,
        )
    typer.echo(commands)


def _confirmed(*, yes: bool) -> list[str]:
    return ["--yes"] if yes else []


@dataclass(frozen=True)
class Stacks:
    """A cluster's stacks in the checkout's project."""

    cluster: ClusterSpec
    spec: Path
    shared_name: str
    checkout: Path
    pulumi: str

    @classmethod
    def of(cls, spec: Path, stack: str | None) -> Stacks:
        """Those of a cluster's spec, which is checked first; raise where there is no checkout or no Pulumi."""
        cluster = load_document(spec, ClusterSpec)
        checkout = find_checkout()
        return cls(cluster, spec.resolve(), stack or cluster.name, checkout, _pulumi())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The cluster's parts, in the order in which they are made."""
        return parts(self.cluster.place)

    @property
    def is_rented(self) -> bool:
        """Whether the cluster itself is made by a part before."""
        return "cloud" in self.parts

    def name(self, part: Part) -> str:
        """The name of a part's stack."""
        return stack_name(self.shared_name, part)

    def run(self, verb: str, part: Part, arguments: list[str]) -> None:
        """Choose the part's stack and run Pulumi on it; end with its exit code if that isn't 0."""
        name = self.name(part)
        for preparation in (
            ["stack", "select", "--create", "--stack", name],
            ["config", "set", SPEC_KEY, os.path.relpath(self.spec, self.checkout), "--stack", name],
            ["config", "set", PART_KEY, part, "--stack", name],
        ):
            done = self._call([*preparation, "--non-interactive"])
            if done.returncode:
                raise typer.Exit(done.returncode)
        try:
            status = self._call([verb, "--stack", name, *arguments]).returncode
        except KeyboardInterrupt:  # Pulumi got it too, and has ended in its own way
            raise typer.Abort from None
        if status:
            raise typer.Exit(status)

    def output(self, part: Part, name: str) -> str | None:
        """One of the outputs of a part; None where it isn't made yet."""
        done = self._call(["stack", "output", name, "--show-secrets", "--stack", self.name(part)], quiet=True)
        return None if done.returncode else done.stdout.rstrip("\n")

    @cached_property
    def kubeconfig(self) -> str | None:
        """Of the cluster that the part before has made; None before it has."""
        return self.output("cloud", "kubeconfig") or None

    def holds_objects(self, part: Part) -> bool:
        """Whether a part's stack holds anything beside itself."""
        done = self._call(["stack", "export", "--stack", self.name(part)], quiet=True)
        if done.returncode:
            return False
        resources = (json.loads(done.stdout).get("deployment") or {}).get("resources") or []
        return any(resource["type"] != "pulumi:pulumi:Stack" for resource in resources)

    def check_oci(self) -> None:
        """Refuse to begin what can't end without Oracle's own program."""
        if self.is_rented and shutil.which("oci") is None:
            raise CommandError(NO_OCI, code=ExitCode.NOT_FOUND)

    def check_reachable(self) -> None:
        """Refuse to try what runs inside from where the cluster's API doesn't answer."""
        place = self.cluster.place
        if not isinstance(place, OraclePlace) or self.kubeconfig is None:
            return
        if reason := unreachable(self.kubeconfig):
            raise CommandError(
                f"the cluster's API {server(self.kubeconfig)} can't be reached from here ({reason}): to get there, "
                f"{way_there(place.network.api_access)}; then run this again, which goes on from there.",
                code=ExitCode.UNREACHABLE,
            )

    def _call(self, arguments: list[str], *, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        """Run Pulumi in the checkout; quietly, what it prints is only read."""
        environment = os.environ | {"PATH": _path_with_this_python()}
        return subprocess.run(
            [self.pulumi, *arguments],
            cwd=self.checkout,
            env=environment,
            check=False,
            text=True,
            capture_output=quiet,
        )


def _path_with_this_python() -> str:
    """PATH, with the folder of the Python that runs this first.

    Pulumi's Python host takes the interpreter from PATH when the program lies below the project (pulumi#7907), and
    the programs need this environment's packages, whether it was activated or not.
    """
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


def _pulumi() -> str:
    found = shutil.which("pulumi")
    if found is None:
        raise CommandError(
            "pulumi isn't on PATH: install Pulumi 3.250 or later (pulumi.com/docs/install), or rehearse without it by "
            "`rackwright rehearse`.",
            code=ExitCode.NOT_FOUND,
        )
    return found
