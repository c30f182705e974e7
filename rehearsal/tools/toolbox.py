"""Making the tools of a rehearsal ready, and saying where they are."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from rich.console import Console

from rehearsal.tools import building, go, installed, progress
from rehearsal.tools.cache import Cache, digest, entry_name, user_cache_directory
from rehearsal.tools.errors import ToolError
from rehearsal.tools.pins import PINS, Asset, Pin, Program, select

Origin = Literal["cache", "machine"]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool that is ready."""

    pin: Pin
    path: Path
    """The program, file or folder itself."""
    origin: Origin
    """Built into the cache, or found on the machine's PATH."""


@dataclass(frozen=True)
class Toolbox:
    """The tools that were asked for, all of them ready."""

    tools: Mapping[str, Tool]
    cache: Cache

    def program(self, name: str) -> Path:
        """The path of a program; ToolError if it wasn't asked for."""
        return self._get(name, Program).path

    def asset(self, name: str) -> Path:
        """The path of an asset, a folder or a script; ToolError if it wasn't asked for."""
        return self._get(name, Asset).path

    def version(self, name: str) -> str:
        """The pinned version of a tool as Go writes it, such as `v1.36.3`."""
        return self._get(name, (Program, Asset)).pin.module.version()

    def bin_directory(self) -> Path:
        """One folder with links to all programs of this toolbox and their scripts, for PATH."""
        links = dict(sorted(self._links().items()))
        texts = [text for name, target in links.items() for text in (name, str(target))]
        name = f"programs-{digest(text.encode() for text in texts)}"
        directory = self.cache.root / name
        if not directory.exists():
            with self.cache.locked(name):
                if not directory.exists():
                    self.cache.create(name, lambda partial: _link_all(links, partial))
        return directory

    def _links(self) -> dict[str, Path]:
        links: dict[str, Path] = {}
        for tool in self.tools.values():
            if isinstance(tool.pin, Program):
                links[tool.pin.name] = tool.path
                for companion in tool.pin.companions:
                    script = tool.path.with_name(Path(companion).name)
                    links[script.name] = script
        return links

    def _get(self, name: str, kind: type[Pin] | tuple[type[Pin], ...]) -> Tool:
        tool = self.tools.get(name)
        if tool is None or not isinstance(tool.pin, kind):
            fitting = sorted(key for key, each in self.tools.items() if isinstance(each.pin, kind))
            raise ToolError(
                f"{name} is not in this toolbox, which holds {', '.join(fitting) or 'nothing'}; "
                f"add it to the names given to rehearsal.tools.ensure()."
            )
        return tool


def ensure(
    names: Collection[str] | None = None,
    *,
    reporter: progress.Reporter | None = None,
    pins: Collection[Pin] = PINS,
    cache: Cache | None = None,
    search_path: str | None = None,
) -> Toolbox:
    """Make tools ready, building those that neither the cache nor the machine has.

    Names are those of rehearsal.tools.pins, programs and assets alike; None means all. The
    reporter is told only of what has to be made; by default it writes to standard error. The
    search path is PATH by default. Raises ToolError for an unknown name or a failed build.
    """
    wanted = select(names, pins=pins)
    cache = cache or Cache(user_cache_directory(os.environ))
    search_path = os.environ.get("PATH", "") if search_path is None else search_path
    reporter = reporter or progress.for_console(Console(stderr=True))
    toolchain = go.find(cache, reporter=reporter)
    ready = look_up(wanted, cache=cache, toolchain=toolchain, search_path=search_path)
    missing = [pin for pin in wanted if pin.name not in ready]
    if missing:
        made = _make_all(missing, cache=cache, toolchain=toolchain, reporter=reporter)
        ready |= {tool.pin.name: tool for tool in made}
    return Toolbox(MappingProxyType({pin.name: ready[pin.name] for pin in wanted}), cache)


def look_up(wanted: Iterable[Pin], *, cache: Cache, toolchain: go.Toolchain, search_path: str) -> dict[str, Tool]:
    """Those of the wanted tools that are there already: in the cache, else on the machine."""
    ready: dict[str, Tool] = {}
    for pin in wanted:
        entry = cache.root / entry_name(pin, go_identity=toolchain.identity)
        if entry.exists():
            ready[pin.name] = Tool(pin=pin, path=entry / _main_file(pin), origin="cache")
        elif isinstance(pin, Program):
            found = installed.find(pin, search_path=search_path, toolchain=toolchain)
            if found is not None:
                ready[pin.name] = Tool(pin=pin, path=found, origin="machine")
    return ready


def _make_all(missing: list[Pin], *, cache: Cache, toolchain: go.Toolchain, reporter: progress.Reporter) -> list[Tool]:
    programs = [pin for pin in missing if isinstance(pin, Program)]
    reporter.begin(len(missing))
    try:
        with building.prefetching(programs, toolchain=toolchain):
            return [_make(pin, cache=cache, toolchain=toolchain, reporter=reporter) for pin in missing]
    finally:
        reporter.end()


def _make(pin: Pin, *, cache: Cache, toolchain: go.Toolchain, reporter: progress.Reporter) -> Tool:
    name = entry_name(pin, go_identity=toolchain.identity)
    title = f"{pin.name} {pin.module.version()}"
    log = cache.log(name)

    def fill(partial: Path) -> None:
        log.write_text("")
        if isinstance(pin, Program):
            building.build_program(pin, partial, toolchain=toolchain, log=log, activity=reporter.activity)
        else:
            building.copy_asset(pin, partial, toolchain=toolchain, log=log)

    reporter.start(title)
    with cache.locked(name, on_wait=lambda: reporter.wait(title)):
        entry = cache.root / name
        if not entry.exists():  # else another process made it while we waited
            cache.create(name, fill)
    reporter.finish(title)
    return Tool(pin=pin, path=entry / _main_file(pin), origin="cache")


def _main_file(pin: Pin) -> str:
    return pin.name if isinstance(pin, Program) else Path(pin.source).name


def _link_all(links: Mapping[str, Path], directory: Path) -> None:
    """Link the programs into one folder, as files of their own where that's possible.

    Pulumi takes a language host that lies beside its own file for the one that belongs to it, and warns of any other; a
    symbolic link would lead it away from the folder.
    """
    for name, target in links.items():
        try:
            (directory / name).hardlink_to(target)
        except OSError:  # a program of the machine, on another file system
            (directory / name).symlink_to(target)
