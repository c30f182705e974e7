"""Reading the catalogue's files, once and when first asked for; an unknown name is refused with the close ones."""

from __future__ import annotations

import dataclasses
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from typing import Generic, TypeVar

from pydantic import RootModel

from rackwright.catalog.entries import Entry, Gpu, Host, Model, PlaceKind, ReferenceCluster, Software, Switch
from rackwright.specs.documents import Problem, SpecError, parse_document

EntryType = TypeVar("EntryType", bound=Entry)


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

    def names(self) -> list[str]:
        """All names, in the file's order."""
        return list(self.entries)

    def get(self, name: str, *, field: str) -> EntryType:
        """The entry of that name; `field` is the field that asks, for the error's message."""
        if name in self.entries:
            return self.entries[name]
        close = get_close_matches(name.lower(), self.entries, n=3, cutoff=0.5)
        known = f"the closest are {', '.join(close)}" if close else f"there are {', '.join(self.entries)}"
        problem = Problem(
            field=field,
            value=repr(name),
            expected=f"a {self.kind} of the catalogue: {known}",
            remedy=f"`rackwright size list {self.file.removesuffix('.yaml')}` shows all",
        )
        raise SpecError("catalogue", [problem])


GPUS = Shelf("gpus.yaml", "GPU", Gpu)
HOSTS = Shelf("hosts.yaml", "host", Host)
SWITCHES = Shelf("switches.yaml", "switch", Switch)
MODELS = Shelf("models.yaml", "model", Model)
PLACES = Shelf("places.yaml", "kind of place", PlaceKind)
SOFTWARE = Shelf("software.yaml", "training software", Software)
CLUSTERS = Shelf("clusters.yaml", "reference cluster", ReferenceCluster)
