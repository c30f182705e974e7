"""What MkDocs calls while it builds the site (`hooks` in mkdocs.yml): pages that are made, and a look at each page."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel

from docs.generate import command_line, evaluation, models, rules
from docs.generate.root_documents import ROOT_DOCUMENTS, for_site
from rackwright.specs import ClusterSpec, TrainingJob
from rackwright.specs.request import Request

ROOT = Path(__file__).parents[2]

REFERENCES: dict[str, type[BaseModel]] = {"request": Request, "cluster": ClusterSpec, "training-job": TrainingJob}
"""The documents of the reference, by the name of their page."""

MADE: dict[str, Callable[[], str]] = {
    **{name: partial(models.page, model) for name, model in REFERENCES.items()},
    "training-job": lambda: f"{models.page(TrainingJob)}\n\n{rules.page()}",
    "command-line": command_line.page,
    "exit-codes": command_line.exit_codes,
    "step-times": evaluation.page,
}
"""What is made of the code, by the name of the page that it goes into."""

PLACEHOLDER = "<!-- generated -->"
"""Stands in such a page where it goes."""

LOADED_FROM_ELSEWHERE = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"(https?:)?//[^\"]*\"[^>]*>")
NO_LOAD = re.compile(r"rel=\"(?:canonical|license)\"")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents that stand in the checkout's root."""
    for name, page in ROOT_DOCUMENTS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=for_site(text, page=page)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # as MkDocs calls it
    """Put in what is made of the code."""
    if PLACEHOLDER not in markdown:
        return markdown
    name = Path(page.file.src_uri).stem
    return markdown.replace(PLACEHOLDER, MADE[name]())


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001  # as MkDocs calls it
    """Refuse a page that loads something from elsewhere: the site must be readable without a network."""
    for found in LOADED_FROM_ELSEWHERE.finditer(output):
        if not NO_LOAD.search(found[0]):
            raise PluginError(f"{page.file.src_uri} loads from elsewhere: {found[0]}")
    return output
