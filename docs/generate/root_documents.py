"""The documents in the checkout's root as pages of the site: the same text, with links that lead the same way there."""

from __future__ import annotations

import posixpath
import re

ROOT_DOCUMENTS = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "explanation/architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Each document's page."""

LINK = re.compile(r"\]\((?P<target>[\w./-]+\.md)(?P<anchor>#[\w-]+)?\)")


def for_site(text: str, *, page: str) -> str:
    """The text of a document as it stands at `page`, its links to documents and pages turned to pages."""

    def turned(link: re.Match[str]) -> str:
        target = ROOT_DOCUMENTS.get(link["target"], link["target"].removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(page))}{link['anchor'] or ''})"

    return LINK.sub(turned, text)
