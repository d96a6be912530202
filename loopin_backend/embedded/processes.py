"""Find and end server processes without ever touching a stranger that reused a process id."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil

_POLL_S = 0.02


def find_by_pid_file(pid_file: Path, name: str) -> psutil.Process | None:
    """The live process whose id the file's first line holds, if it is `name` and works beside the file."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        process = psutil.Process(pid)
        is_ours = process.name() == name and Path(process.cwd()) == pid_file.parent.resolve()
    except (OSError, ValueError, psutil.Error):
        return None
    return process if is_ours else None


def find_by_directory(directory: Path, name: str) -> list[psutil.Process]:
    """All live processes called `name` that work in `directory`."""
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == name and Path(process.cwd()) == directory.resolve():
                found.append(process)
    return found


def is_alive(process: psutil.Process) -> bool:
    """True until it is gone, or dead and only waiting for a slow parent to notice."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(process: psutil.Process, timeout_s: float) -> bool:
    """True once the process is gone, False if it is still there after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def end(process: psutil.Process, *, timeout_s: float) -> None:
    """Return once the process is gone: it has `timeout_s` to leave by itself, then it is killed."""
    if not wait_until_gone(process, timeout_s):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        wait_until_gone(process, timeout_s)
