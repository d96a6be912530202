"""One supervised process: start it, notice its death, start it again with growing pauses, end it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from loopin_backend import env
from loopin_backend.embedded.processes import wait_until_gone
from loopin_backend.supervisor.leftovers import build_marks, find_marked
from loopin_backend.supervisor.output import relay, say

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
KILLED_WITHIN_S = 2.0
STEADY_AFTER_S = 60.0  # a process that lived this long has earned a short pause again


@dataclass(frozen=True)
class Part:
    """What to run: a name, its command, the descriptors it inherits, whether it runs for good."""

    name: str
    command: tuple[str, ...]
    pass_fds: tuple[int, ...] = ()
    is_service: bool = True


class Child:
    """A `Part` and the process that plays it now."""

    def __init__(self, part: Part, data_dir: Path) -> None:
        self.part = part
        self._data_dir = data_dir
        self._process: subprocess.Popen[str] | None = None
        self._started_at_s = 0.0
        self._restart_at_s: float | None = None
        self._pause_s = FIRST_PAUSE_S

    @property
    def is_running(self) -> bool:
        """True while its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of its last process; 0 before the first."""
        return self._process.pid if self._process is not None else 0

    @property
    def status(self) -> int | None:
        """The exit status of its last process; None while one runs or before the first."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start the process in a session of its own, out of reach of the terminal's Ctrl-C."""
        self._process = subprocess.Popen(
            self.part.command,
            cwd=env.PROJECT_ROOT,
            env=env.child_environment(PYTHONUNBUFFERED="1", **build_marks(self._data_dir, self.part.name)),
            pass_fds=self.part.pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._started_at_s = time.monotonic()
        self._restart_at_s = None
        if self._process.stdout is not None:
            relay(self.part.name, self._process.stdout)

    def tend(self) -> None:
        """Start a service again that has ended by itself, after its pause."""
        if self.is_running or self._process is None or not self.part.is_service:
            return
        now_s = time.monotonic()
        if self._restart_at_s is None:
            if now_s - self._started_at_s > STEADY_AFTER_S:
                self._pause_s = FIRST_PAUSE_S
            say(f"{self.part.name} ended with status {self.status}; starting it again in {self._pause_s:g} s")
            self._restart_at_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        elif now_s >= self._restart_at_s:
            self._kill_rest()  # what the dead process left running would do the work twice
            self.start()

    def ask_to_end(self) -> None:
        """Send the polite signal; the process finishes what it has in hand."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def end_by(self, deadline_s: float) -> None:
        """Return once it is gone, killing what is left of it at `deadline_s` (monotonic)."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline_s - time.monotonic()))
        self._kill_rest()
        self._process.wait()

    def _kill_rest(self) -> None:
        """Return once no process of this part lives; one that did would still count as a user of the servers."""
        members = find_marked(self._data_dir, self.part.name)
        for _, process in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for _, process in members:
            wait_until_gone(process, KILLED_WITHIN_S)
