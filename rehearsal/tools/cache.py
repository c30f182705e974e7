"""The per-user cache of finished tools.

An entry is a folder `<name>-<version>-<key>`, where the key is a digest of all that decides
its content. It appears by one rename when it is complete, so what is there is whole: an
interrupted build leaves nothing but a folder under `partial/`, which the next build of the
same entry removes. A lock file for each entry keeps two processes from building it at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.tools.pins import PIN_FILES, Pin

_LAYOUT = "1"
"""Raise it when the layout of an entry changes, so that older entries are not read as new ones."""

_DIGEST_LENGTH = 16
"""Hexadecimal digits in a folder's name: 64 bits, ample to tell builds apart by."""


def user_cache_directory(environment: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/rackwright/tools`, by default under ~/.cache (XDG base directories)."""
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    # The specification says to ignore a relative path.
    parent = base if base.is_absolute() else Path.home() / ".cache"
    return parent / "rackwright" / "tools"


def digest(parts: Iterable[bytes]) -> str:
    """A short digest of a sequence of byte strings, where the borders between them count."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part).to_bytes(8, "big"))
        sha.update(part)
    return sha.hexdigest()[:_DIGEST_LENGTH]


def entry_name(pin: Pin, *, go_identity: str) -> str:
    """The folder name of a pin's entry when built with this Go."""
    files = [(pin.module.directory / name).read_bytes() for name in PIN_FILES]
    texts = [_LAYOUT, go_identity, *pin.ingredients()]
    key = digest([*files, *(text.encode() for text in texts)])
    return f"{pin.name}-{pin.module.version().removeprefix('v')}-{key}"


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Cache:
    """A folder of finished entries, with its locks, logs and unfinished work."""

    root: Path

    def log(self, name: str) -> Path:
        """Where the output of building an entry goes."""
        return self._folder("logs") / f"{name}.log"

    def partial_directory(self) -> Path:
        """Where unfinished work lies: on the same file system, so that a rename finishes it."""
        return self._folder("partial")

    @contextmanager
    def locked(self, name: str, *, on_wait: Callable[[], None] = _nothing) -> Iterator[None]:
        """Hold the lock of an entry; `on_wait` is called if another process has it.

        The kernel drops the lock with the process, so a killed one blocks nobody.
        """
        with (self._folder("locks") / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def create(self, name: str, fill: Callable[[Path], None]) -> Path:
        """Make an entry whole or not at all; the caller holds its lock."""
        # While the lock is ours, a partial folder of this name belongs to a dead process.
        for abandoned in self.partial_directory().glob(f"{name}.*"):
            shutil.rmtree(abandoned)
        partial = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=self.partial_directory()))
        try:
            fill(partial)
            partial.chmod(0o755)  # mkdtemp makes it 0o700
            return partial.rename(self.root / name)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
