"""Two file locks that let any number of processes share the servers and survive any kill.

`users.lock` is held shared by every process that uses the servers. The kernel lets go of it when a
process dies, however it dies; whoever gets it exclusively knows that nobody else is left, and stops
the servers. `start.lock` lets one process at a time start them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SharedUse:
    """This process's share in something that many processes use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._owner_pid = 0

    @property
    def is_held(self) -> bool:
        """True in the process that holds a share; a forked child holds none of its own."""
        return self._descriptor is not None and self._owner_pid == os.getpid()

    def hold(self) -> None:
        """Take a share; waits while somebody is stopping the servers."""
        if self.is_held:
            return
        self._descriptor = _open(self._path)
        self._owner_pid = os.getpid()
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    @contextmanager
    def letting_go(self) -> Iterator[bool]:
        """Give the share back; yields True, with everyone else kept out, when it was the last one."""
        if not self.is_held or self._descriptor is None:
            yield False
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_last = True
        except BlockingIOError:
            is_last = False
        try:
            yield is_last
        finally:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` exclusively inside the block, waiting for it as long as needed."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
