"""What `rackwright size` prints, one file a command, so that two states of the code can be compared.

`python -m bench.results DIRECTORY` writes the files; with a second directory, of another state, it lists the fields
that differ, each once with how often it does. The requests are varied, so that every part of a plan is in one of them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import typer

from rackwright.catalog import CLUSTERS
from rackwright.cli.app import app

REQUESTS = {
    "dense-1024": "--model llama-3.1-405b --tokens 15.6e12 --gpus 1024",
    "deadline": "--model llama-3.1-70b --tokens 15e12 --deadline-days 60",
    "budget-and-power": "--model llama-3-8b --tokens 1e12 --budget-usd 1e6 --power-mw 2",
    "own-machines-delivered": "--model grok-1-314b --tokens 10e12 --gpus 100000 --batch-tokens 67108864 "
    "--place existing --start-date 2026-01-01 --vendors 2 --set delivery.lead_days=60",
    "experts-fp8": "--model deepseek-v3-671b --tokens 14.8e12 --gpus 2048 --precision fp8",
    "b200": "--model llama-3.1-405b --tokens 15.6e12 --gpus 512 --gpu b200 --place existing",
    "one-host": "--model llama-3-8b --tokens 1e10 --gpus 8",
    "fixed-split": "--model gpt-3-175b --tokens 3e11 --gpus 2048 "
    "--set parallelism.tensor=8 --set parallelism.context=1",
    "terms": "--model llama-3-8b --tokens 15e12 --gpus 1024 --checkpoints async --set money.depreciation_years=5 "
    "--term-months 36 --place existing",
    "oversubscribed": "--model llama-3.1-70b --tokens 15e12 --gpus 4096 --place existing "
    "--set fabric.spine_oversubscription=7 --set fabric.rail_optimised=false",
    "refused-deadline": "--model llama-3.1-405b --tokens 15.6e12 --deadline-days 2",
}
"""Options of `rackwright size` by the name of their file."""


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each file's name and the command whose output it holds."""
    for name, options in REQUESTS.items():
        yield f"size-{name}", ["size", *options.split(), "--json"]
    yield "evaluate", ["size", "evaluate", "--json"]
    for cluster in CLUSTERS.names():
        yield f"reference-{cluster}", ["size", "reference", cluster, "--json"]


def output(arguments: list[str]) -> str:
    """What a command prints, and its exit code."""
    command = typer.main.get_command(app)
    printed = io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = command.main(arguments, prog_name="rackwright", standalone_mode=False) or 0
        except (click.exceptions.Exit, SystemExit) as ended:
            code = getattr(ended, "exit_code", None) or getattr(ended, "code", None)
    return f"{printed.getvalue()}\nexit code {code}\n"


def differences(one: object, other: object, path: str = "") -> Iterator[str]:
    """The paths of fields that two JSON documents don't share, without the indices of lists."""
    match one, other:
        case dict(), dict():
            for key in sorted(one.keys() | other.keys()):
                yield from differences(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
        case list(), list() if len(one) == len(other):
            for first, second in zip(one, other, strict=True):
                yield from differences(first, second, f"{path}[]")
        case _ if one != other:
            yield path or "document"


def document(file: Path) -> object:
    """What a file holds: JSON and an exit code, or an error's words."""
    printed, _, code = file.read_text(encoding="utf-8").rpartition("\nexit code ")
    try:
        return {"exit code": code, "printed": json.loads(printed)}
    except ValueError:
        return {"exit code": code, "printed": printed}


def compare(directory: Path, other: Path) -> Counter[str]:
    """How often each field differs between two directories of files."""
    names = {file.name for each in (directory, other) for file in each.glob("*.txt")}
    found = Counter[str]()
    for name in sorted(names):
        one, another = (document(each / name) if (each / name).exists() else None for each in (directory, other))
        found.update(path.removeprefix("printed.") for path in differences(one, another))
    return found


def main(directory: Path, other: Path | None) -> None:
    """Write every command's output into the directory, and list what differs from the other."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, arguments in commands():
        print(name, file=sys.stderr)
        (directory / f"{name}.txt").write_text(output(arguments), encoding="utf-8")
    if other is not None:
        found = compare(directory, other)
        for path, count in sorted(found.items()):
            print(f"{count:6}  {path}")
        print(f"{len(found)} fields differ from {other}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.results", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files are written")
    parser.add_argument("other", type=Path, nargs="?", help="the files of another state of the code")
    asked = parser.parse_args()
    main(asked.directory, asked.other)
