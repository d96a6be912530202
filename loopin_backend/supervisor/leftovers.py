"""Which processes a run started, on disk, so that the next run can end what a kill left behind.

A process is known by its id together with its time of birth: an id alone may belong to a stranger
by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from loopin_backend.embedded.processes import is_alive, wait_until_gone

SAME_BIRTH_S = 0.05  # the kernel counts in hundredths of a second
LEAVE_TIMEOUT_S = 5.0


class AlreadyRunning(RuntimeError):
    """Another supervisor lives in the same data directory; the text names it."""


@dataclass(frozen=True)
class Known:
    """A process as recorded: its part, its id and its birth in seconds since 1970."""

    name: str
    pid: int
    born_at: float

    @classmethod
    def of(cls, name: str, pid: int) -> Known:
        """The record of a process that lives now.

        Errors: `psutil.NoSuchProcess` when it does not.
        """
        return cls(name, pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The very process that was recorded, if it still lives."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.born_at) < SAME_BIRTH_S and is_alive(process):
                return process
        return None


class Record:
    """The file that lists the processes of the present run."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "processes.json"
        self._lock_path = data_dir / "supervisor.lock"
        self._known: dict[str, Known] = {}

    @contextmanager
    def taken(self, who: str) -> Iterator[None]:
        """Be the only supervisor of this data directory inside the block.

        Errors: `AlreadyRunning`.
        """
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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

    def end_leftovers(self) -> list[str]:
        """End every process that an earlier run left behind; the names of those that still lived."""
        found = [(known, members) for known in self._read() if (members := find_session(known))]
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for _, members in found:
                for process in members:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.send_signal(sign)
            if all(wait_until_gone(process, LEAVE_TIMEOUT_S) for _, members in found for process in members):
                break
        self._known = {}
        self._write()
        return [known.name for known, _ in found]

    def add(self, known: Known) -> None:
        """Remember a process before anything else can happen to it."""
        self._known[known.name] = known
        self._write()

    def _read(self) -> list[Known]:
        try:
            return [Known(**entry) for entry in json.loads(self._path.read_text(encoding="utf-8"))]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps([asdict(known) for known in self._known.values()]), encoding="utf-8")
        draft.replace(self._path)


def find_session(known: Known) -> list[psutil.Process]:
    """The recorded process and its descendants, which share its session even after it has died.

    Every child of the supervisor leads a session of its own. Its id is taken while a member lives, so
    members born after the leader belong to it, unless a new process leads the session by now.
    """
    if known.find() is None and psutil.pid_exists(known.pid):
        return []
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == known.pid and process.create_time() >= known.born_at - SAME_BIRTH_S:
                members.append(process)
    return members
