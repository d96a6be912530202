"""Time, memory and cold files of one process. Linux tells all of it; elsewhere the peak of PostgreSQL stays unknown."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

_MB = 1024 * 1024
_SAMPLE_EVERY_S = 0.2


def elapsed_ms(work: Callable[[], object]) -> float:
    """Milliseconds on the clock."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def median_ms(work: Callable[[], object], runs: int) -> float:
    """The median of so many runs, after one that is not counted."""
    work()
    return statistics.median(elapsed_ms(work) for _ in range(runs))


def peak_rss_mb() -> float:
    """The most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak / 1024


def folder_bytes(folder: Path) -> int:
    """Size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def drop_from_page_cache(folder: Path) -> bool:
    """Ask the kernel to forget the files below a folder; False where it takes no such advice."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # a page that is not written yet cannot be forgotten
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
    return True


class PeakOfTree:
    """The most memory that a process and its children held together, sampled while the block runs.

    Shared pages count once: it adds up the proportional set size. `mb` stays None where the system does not tell.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.mb: float | None = None
        self._process = process
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak", daemon=True)

    def __enter__(self) -> PeakOfTree:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            found = _proportional_mb([self._process, *self._process.children(recursive=True)])
            if found is not None:
                self.mb = max(found, self.mb or 0.0)
            if self._done.wait(_SAMPLE_EVERY_S):
                return


def _proportional_mb(processes: Iterable[psutil.Process]) -> float | None:
    total_kb, has_any = 0, False
    for process in processes:
        try:
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:  # gone meanwhile, or no such file on this system
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        has_any = True
    return total_kb / 1024 if has_any else None
