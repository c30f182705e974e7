"""Writing files whole: readers see the old content or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a file with this content at `path`, in the place of what is there, for its user alone (mode 0600).

    Several may write at once: each has an unfinished file of its own, and the last to finish counts.
    """
    data = content.encode() if isinstance(content, str) else content
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
