"""Whoever doubts a figure can look its source up, or is told that nobody can."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from rackwright import catalog
from rackwright.catalog import Shelf
from rackwright.catalog.entries import Entry
from rackwright.specs.figure import Figure

pytestmark = pytest.mark.pure

SHELVES = [shelf for shelf in vars(catalog).values() if isinstance(shelf, Shelf)]

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

HANDLES = {
    "an address": r"https://\w\S+\.\w",
    "a number of arXiv or a DOI": r"arXiv \d{4}\.\d{5}|\b10\.\d{4}/",
    "a repository": r"\b[\w-]{4,}/[\w.-]{4,}",
    "a vendor's document": r"(NVIDIA|Arista|Broadcom) .*"
    r"([Dd]ata ?sheet|user guide|manual|specification|product brief|power management|RA-\d{5})",
    "what was said where and when": rf"[A-Z]\w+.*\b({MONTHS}) 20\d\d|Tesla AI Day 20\d\d|Hot Chips \d\d",
    "a command, or what it fits": r"`rackwright [^`]+`|nvidia-smi on|^fit; |training_runs\.csv",
}
"""By what a source can be found."""

VAGUE = "news article"
"""What no date makes findable."""


def sources(value: object, path: str) -> Iterator[tuple[str, str, bool]]:
    """All sources below a value: where each stands, its words, and whether it is marked as none that can be found."""
    if isinstance(value, Figure):
        yield path, value.source, value.assumed
    elif isinstance(value, BaseModel):
        for name, each in value:
            if name == "source":
                yield path, each, getattr(value, "unverified", False)
            yield from sources(each, f"{path}.{name}")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from sources(each, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from sources(each, f"{path}.{index}")


def findable(source: str) -> bool:
    """Whether a source says where to look."""
    return VAGUE not in source and any(re.search(handle, source) for handle in HANDLES.values())


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.file)
def test_every_source_can_be_looked_up_or_is_marked(shelf: Shelf[Entry]) -> None:
    """`assumed` marks a figure, `unverified` a published statement."""
    for name, entry in shelf.entries.items():
        lost = [each for each in sources(entry, name) if not each[2] and not findable(each[1])]
        assert not lost


def test_the_shelves_are_all_of_the_catalogues_files() -> None:
    assert len(SHELVES) == 11


@pytest.mark.parametrize(
    "source",
    [
        "published cost study of H100 clusters",
        "a news article of July 2024",
        "as quoted; 0.064 dollars/kWh at 150 MW",
        "Oracle's list price, third-party copy, not verified",
        "as remembered, not read again",
        "a judgement",
    ],
)
def test_words_without_a_place_to_look_are_no_source(source: str) -> None:
    assert not findable(source)
