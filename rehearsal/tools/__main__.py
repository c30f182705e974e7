"""`python -m rehearsal.tools`: build the tools, list them, say where one is."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from rehearsal.tools import ToolError, ensure, go
from rehearsal.tools.cache import Cache, user_cache_directory
from rehearsal.tools.pins import PINS
from rehearsal.tools.progress import for_console
from rehearsal.tools.toolbox import look_up

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Names = Annotated[list[str] | None, typer.Argument(help="Tools; all by default.")]


@app.command()
def build(names: Names = None, *, as_json: Json = False) -> None:
    """Make tools ready, building those that are missing."""
    toolbox = ensure(names or None)
    if as_json:
        print(json.dumps({name: str(tool.path) for name, tool in toolbox.tools.items()}, indent=2))
    else:
        print(f"{len(toolbox.tools)} tools are ready in {toolbox.cache.root}")


@app.command(name="list")
def list_tools(*, as_json: Json = False) -> None:
    """List all tools with their versions and where they are; builds none."""
    cache = Cache(user_cache_directory(os.environ))
    toolchain = go.find(cache, reporter=for_console(Console(stderr=True)))
    search_path = os.environ.get("PATH", "")
    ready = look_up(PINS, cache=cache, toolchain=toolchain, search_path=search_path)
    rows = [
        {
            "name": pin.name,
            "version": pin.module.version(),
            "origin": ready[pin.name].origin if pin.name in ready else None,
            "path": str(ready[pin.name].path) if pin.name in ready else None,
        }
        for pin in PINS
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(f"{row['name']:<30} {row['version']:<9} {row['origin'] or 'missing':<8} {row['path'] or ''}".rstrip())


@app.command()
def path(name: str, *, as_json: Json = False) -> None:
    """Print where a tool is, making it ready first."""
    found = str(ensure([name]).tools[name].path)
    print(json.dumps({name: found}) if as_json else found)


if __name__ == "__main__":
    try:
        app()
    except ToolError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
