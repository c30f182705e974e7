"""Reading the catalogue's files, once and when first asked for; an unknown name is refused with the close ones."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from typing import Generic, TypeVar

from pydantic import RootModel

from rackwright.catalog.entries import (
    Accelerator,
    Entry,
    FailureRecord,
    Gpu,
    Host,
    Model,
    PlaceKind,
    PlanningFigure,
    ReferenceCluster,
    ReferenceHardware,
    Software,
    Switch,
)
from rackwright.specs.documents import Problem, SpecError, parse_document

EntryType = TypeVar("EntryType", bound=Entry)


def plain(name: str) -> str:
    """A name without case and punctuation: `LLAMA2-7B`, `Llama 2 7B` and `llama-2-7b` are one.

    Between two digits a point stays (`GPT-1.6B` isn't `GPT-16B`), and anything else is one hyphen (`llama2-7b`).
    """
    hyphens = re.sub(r"[^a-z0-9.]+|(?<!\d)\.|\.(?!\d)", "-", name.casefold())
    return re.sub(r"(?<!\d)-+|-+(?!\d)", "", re.sub(r"-+", "-", hyphens))


@dataclasses.dataclass(frozen=True)
class Shelf(Generic[EntryType]):
    """The entries of one kind, by name."""

    file: str
    """The file in `data/` that holds them."""
    kind: str
    """What one entry is called in messages."""
    entry: type[EntryType] = dataclasses.field(repr=False)

    @cached_property
    def entries(self) -> dict[str, EntryType]:
        """All entries by name, in the file's order."""
        text = files("rackwright.catalog").joinpath("data", self.file).read_text(encoding="utf-8")
        document = RootModel[dict[str, self.entry]]  # type: ignore[name-defined]  # the type is a value here
        return parse_document(text, document, source=f"catalogue {self.file}").root

    @cached_property
    def _by_plain_name(self) -> dict[str, str]:
        """The entry's name for each name and alias, made plain."""
        return index_names(self.entries, source=f"catalogue {self.file}")

    def names(self) -> list[str]:
        """All names, in the file's order."""
        return list(self.entries)

    def find(self, name: str) -> str | None:
        """The entry's own name for a name or an alias, if there is one; case and punctuation don't count."""
        return self._by_plain_name.get(plain(name))

    def get(self, name: str, *, field: str) -> EntryType:
        """The entry of that name or alias; `field` as for `name`."""
        return self.entries[self.name(name, field=field)]

    def name(self, name: str, *, field: str) -> str:
        """The entry's own name for a name or an alias; `field` is the field that asks, for the error's message."""
        if (found := self.find(name)) is not None:
            return found
        close = get_close_matches(name.lower(), self.entries, n=3, cutoff=0.5)
        known = f"the closest are {', '.join(close)}" if close else f"there are {', '.join(self.entries)}"
        problem = Problem(
            field=field,
            value=repr(name),
            expected=f"a {self.kind} of the catalogue: {known}",
            remedy=f"`rackwright size list {self.file.removesuffix('.yaml')}` shows all",
        )
        raise SpecError("catalogue", [problem])


def index_names(entries: Mapping[str, Entry], *, source: str) -> dict[str, str]:
    """The entries' names by their names and aliases, made plain; raise `SpecError` where two entries share one."""
    found: dict[str, str] = {}
    for name, entry in entries.items():
        for index, alias in enumerate((name, *entry.aliases)):
            other = found.setdefault(plain(alias), name)
            if other != name:
                problem = Problem(
                    field=f"{name}.aliases.{index - 1}" if index else name,
                    value=repr(alias),
                    expected=f"a name that no other entry has, and {other} has it",
                    remedy="rename one of the two, or take the alias from one of them",
                )
                raise SpecError(source, [problem])
    return found


GPUS = Shelf("gpus.yaml", "GPU", Gpu)
ACCELERATORS = Shelf("accelerators.yaml", "accelerator", Accelerator)
HOSTS = Shelf("hosts.yaml", "host", Host)
SWITCHES = Shelf("switches.yaml", "switch", Switch)
MODELS = Shelf("models.yaml", "model", Model)
PLACES = Shelf("places.yaml", "kind of place", PlaceKind)
SOFTWARE = Shelf("software.yaml", "training software", Software)
CLUSTERS = Shelf("clusters.yaml", "reference cluster", ReferenceCluster)
COMPARISONS = Shelf("comparisons.yaml", "reference hardware", ReferenceHardware)
FIGURES = Shelf("figures.yaml", "planning figure", PlanningFigure)
FAILURES = Shelf("failures.yaml", "record of failures", FailureRecord)
