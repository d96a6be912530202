"""Be the only supervisor of a data directory, and end what a killed one left behind.

Every process of a run carries the run's data directory as a mark in its environment, and its
children inherit it. A list of process ids on disk would miss the one that was started in the very
moment of the kill, and an id alone may belong to a stranger by now; the mark does neither.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from loopin_backend.embedded.processes import wait_until_gone

DIRECTORY_MARK = "LOOPIN_RUN_DIRECTORY"
PART_MARK = "LOOPIN_RUN_PART"
LEAVE_TIMEOUT_S = 5.0


class AlreadyRunning(RuntimeError):
    """Another supervisor lives in the same data directory; the text names it."""


@contextmanager
def be_the_only_one(data_dir: Path, who: str) -> Iterator[None]:
    """Be the only supervisor of this data directory inside the block.

    Errors: `AlreadyRunning`, with what the other one said as `who`.
    """
    descriptor = os.open(data_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(os.read(descriptor, 200).decode(errors="replace")) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, who.encode())
        yield
    finally:
        os.close(descriptor)


def build_marks(data_dir: Path, part: str) -> dict[str, str]:
    """The variables that mark a process as a part of this directory's run."""
    return {DIRECTORY_MARK: str(data_dir), PART_MARK: part}


def find_marked(data_dir: Path, part: str | None = None) -> list[tuple[str, psutil.Process]]:
    """The living processes of this directory's runs with the name of their part, or of one part only."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            name = environment.get(PART_MARK, "")
            if environment.get(DIRECTORY_MARK) == str(data_dir) and part in (None, name):
                found.append((name, process))
    return found


def end_leftovers(data_dir: Path) -> list[str]:
    """End every process that an earlier run left behind; the names of the parts that still lived."""
    found = find_marked(data_dir)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for _, process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        if all(wait_until_gone(process, LEAVE_TIMEOUT_S) for _, process in found):
            break
    return sorted({name for name, _ in found})
