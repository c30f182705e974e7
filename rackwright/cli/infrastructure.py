"""`rackwright preview|up|down`: the real Pulumi, run in the checkout on a cluster spec that was checked first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from rackwright.cli.checkout import find_checkout
from rackwright.cli.exit_codes import ExitCode
from rackwright.cli.outcome import CommandError
from rackwright.specs import ClusterSpec, load_document

SPEC_KEY = "rackwright:clusterSpec"
"""The stack's setting that names the cluster spec."""

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}
"""What this command line doesn't know goes on to Pulumi."""

Spec = Annotated[Path, typer.Option(help="The cluster spec.")]
Stack = Annotated[
    str | None,
    typer.Option(envvar="PULUMI_STACK", help="Pulumi's stack, made if it isn't there. Default: the cluster's name."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]

DEFAULT_SPEC = Path("cluster.yaml")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command, example in (
        (preview, "rackwright preview --spec cluster.yaml --diff"),
        (up, "rackwright up --spec cluster.yaml --yes"),
        (down, "rackwright down --spec cluster.yaml --yes"),
    ):
        epilog = f"Example: `{example}`. Options that aren't listed go on to Pulumi, whose exit code is passed on."
        app.command(epilog=epilog, context_settings=PASS_THROUGH)(command)


def preview(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None) -> None:
    """Show what `up` would change (`pulumi preview`)."""
    _run("preview", spec=spec, stack=stack, arguments=context.args)


def up(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None, yes: Yes = False) -> None:
    """Make the cluster as its spec says (`pulumi up`)."""
    _run("up", spec=spec, stack=stack, arguments=[*_confirmed(yes=yes), *context.args])


def down(context: typer.Context, *, spec: Spec = DEFAULT_SPEC, stack: Stack = None, yes: Yes = False) -> None:
    """Delete the cluster and all that belongs to it (`pulumi destroy`)."""
    _run("destroy", spec=spec, stack=stack, arguments=[*_confirmed(yes=yes), *context.args])


def _confirmed(*, yes: bool) -> list[str]:
    return ["--yes"] if yes else []


def _run(verb: str, *, spec: Path, stack: str | None, arguments: list[str]) -> None:
    """Check the spec, choose the stack, and become Pulumi; its exit code is ours."""
    cluster = load_document(spec, ClusterSpec)
    checkout = find_checkout()
    pulumi = _pulumi()
    name = stack or cluster.name
    path = os.path.relpath(spec.resolve(), checkout)
    environment = os.environ | {"PATH": _path_with_this_python()}
    for preparation in (
        ["stack", "select", "--create", "--stack", name],
        ["config", "set", SPEC_KEY, path, "--stack", name],
    ):
        done = subprocess.run([pulumi, *preparation, "--non-interactive"], cwd=checkout, env=environment, check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)
    try:
        command = [pulumi, verb, "--stack", name, *arguments]
        status = subprocess.run(command, cwd=checkout, env=environment, check=False).returncode
    except KeyboardInterrupt:  # Pulumi got it too, and has ended in its own way
        raise typer.Abort from None
    if status:
        raise typer.Exit(status)


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
