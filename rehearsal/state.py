"""A rehearsal's state directory: where everything of one rehearsal lives, who owns it, and how leftovers are told.

A rehearsal is *owned* while a process holds its lock, *kept* when its owner left it running on purpose, and *left over*
when neither is true: its owner died. The kernel releases the lock whatever way the owner dies, so no process ids need
to be believed.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rehearsal.files import write_whole

UNIX_SOCKET_PATH_BYTES = 107
"""Bytes in the path of a Unix socket (Linux's unix(7): 108 with the final zero)."""

LONGEST_SOCKET = "sockets/egress.sock"

LOCK = "lock"
"""The file that the owner holds locked."""


class StateError(RuntimeError):
    """A state directory that can't be used; the message says what to do."""


@dataclass(frozen=True)
class StateDirectory:
    """The paths of one rehearsal."""

    root: Path

    @property
    def id(self) -> str:
        """The rehearsal's name, and the mark that all its processes carry."""
        return self.root.name

    def log(self, process: str) -> Path:
        """The log file of a process."""
        return self.root / "logs" / f"{process}.log"

    def kubeconfig(self, identity: str) -> Path:
        """The kubeconfig of an identity; it names certificate files and holds no key itself."""
        return self.root / "kubeconfigs" / f"{identity}.yaml"

    @property
    def simulated_logs(self) -> Path:
        """Where the simulated trainer writes: a folder for each job, and `pods` with a name for each of their pods."""
        return self.root / "simulated-logs"

    def simulated_log(self, pod_uid: str) -> Path:
        """The log of a simulated training pod, once its gang is whole."""
        return self.simulated_logs / "pods" / f"{pod_uid}.log"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.root / "pki"

    @property
    def egress_socket(self) -> Path:
        """The Unix socket through which the API server reaches services."""
        return self.root / LONGEST_SOCKET

    @property
    def pulumi_home(self) -> Path:
        """The rehearsal's own PULUMI_HOME."""
        return self.root / "pulumi" / "home"

    @property
    def pulumi_backend(self) -> Path:
        """The directory of Pulumi's state files."""
        return self.root / "pulumi" / "state"

    @property
    def kept(self) -> bool:
        """Whether the owner left it running on purpose."""
        return (self.root / "kept").exists()

    def keep(self) -> None:
        """Say that it shall outlive its owner."""
        (self.root / "kept").touch()

    def unkeep(self) -> None:
        """Take that back."""
        (self.root / "kept").unlink(missing_ok=True)

    @cached_property
    def _description(self) -> Path:
        return self.root / "rehearsal.json"

    def describe(self, **facts: Any) -> None:  # noqa: ANN401  # any JSON value
        """Add facts (ports, paths, names; never secrets) to `rehearsal.json`."""
        merged = {**self.facts(), **facts}
        write_whole(self._description, json.dumps(merged, indent=2) + "\n")

    def facts(self) -> dict[str, Any]:
        """What `describe` was told so far."""
        try:
            facts: dict[str, Any] = json.loads(self._description.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return facts

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the rehearsal's lock; raise `StateError` when another process does."""
        with self._lock_file() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StateError(f"rehearsal {self.id} is in use by another process; wait for it to end") from error
            yield

    def is_owned(self) -> bool:
        """Whether some process holds the lock."""
        try:
            with self._lock_file() as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:  # it is being removed
            return False
        return False

    def _lock_file(self) -> AbstractContextManager[int]:
        return _opened(self.root / LOCK, make=False)

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.root)


def rehearsals_directory() -> Path:
    """Where all rehearsals of this user live (XDG base directory specification: state)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "rackwright" / "rehearsals"


@contextmanager
def taking_turns(parent: Path | None = None) -> Iterator[None]:
    """Let one process at a time make a rehearsal or remove leftovers, so that a new one isn't taken for a leftover."""
    parent = parent or rehearsals_directory()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(parent / ".lock", make=True) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path, *, make: bool) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if make else 0), 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def create(parent: Path | None = None) -> StateDirectory:
    """Make a new state directory, readable by its user alone."""
    parent = parent or rehearsals_directory()
    root = parent / secrets.token_hex(4)
    socket = root / LONGEST_SOCKET
    if len(os.fsencode(socket)) > UNIX_SOCKET_PATH_BYTES:
        raise StateError(
            f"{parent} is too long a path: a Unix socket in it would have {len(os.fsencode(socket))} bytes in its "
            f"path and {UNIX_SOCKET_PATH_BYTES} are possible; set XDG_STATE_HOME to a shorter directory"
        )
    root.mkdir(mode=0o700, parents=True)
    (root / LOCK).touch(mode=0o600)
    for part in ("pki", "kubeconfigs", "logs", "sockets", "pods", "etcd", "pulumi/home", "pulumi/state"):
        (root / part).mkdir(mode=0o700, parents=True)
    return StateDirectory(root)


def existing(parent: Path | None = None) -> list[StateDirectory]:
    """All rehearsals that have left a directory, oldest first."""
    parent = parent or rehearsals_directory()
    if not parent.is_dir():
        return []
    made: dict[StateDirectory, float] = {}
    for root in parent.iterdir():
        with suppress(FileNotFoundError):  # it has just been removed
            if root.is_dir():
                made[StateDirectory(root)] = root.stat().st_ctime
    return sorted(made, key=lambda state: made[state])


def leftovers(parent: Path | None = None) -> list[StateDirectory]:
    """The rehearsals whose owner died: neither owned nor kept."""
    return [state for state in existing(parent) if not state.kept and not state.is_owned()]
