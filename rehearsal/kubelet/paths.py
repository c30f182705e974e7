"""Mapping mount paths of a container to files of this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A path of the container and the file or folder that stands there."""

    path: str
    local: Path


def map_paths(text: str, mounts: Sequence[Mount]) -> str:
    """Replace each mount path in a text, and what lies below it; the deepest mount wins, as in a container.

    A mount path counts only as a whole path: `/etc/app` is not found in `/etc/apps` or `/opt/etc/app`.
    """
    if not mounts:
        return text
    by_path = {mount.path.rstrip("/"): str(mount.local) for mount in mounts}
    alternatives = "|".join(re.escape(path) for path in sorted(by_path, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./~-])(?:{alternatives})(?![\w.~-])")
    return pattern.sub(lambda match: by_path[match.group()], text)
