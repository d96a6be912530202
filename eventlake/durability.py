"""What a local lake needs to survive a power cut: fsync, and a rule for a commit that was torn.

deltalake writes and links its files but never calls fsync, so this module does it for the data files,
for each commit of the log and for checkpoints. Object stores are durable when they answer, so nothing
here is called for them. It knows paths, not events.

Order that a writer keeps: data files and their folders, then the commit, then the commit's own file and
the log folder. A row may leave the database only after the last step has returned.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LOG = "_delta_log"


def sync_files(root: Path, files: Iterable[Path]) -> None:
    """Make files, and every folder between them and `root`, survive a power cut."""
    folders: set[Path] = set()
    for file in files:
        _fsync(file)
        for folder in file.parents:
            folders.add(folder)
            if folder == root:
                break
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        _fsync(folder)


def sync_commits(root: Path, first: int, last: int) -> None:
    """Make the commits `first` to `last` of the Delta log survive a power cut."""
    commits = [commit_path(root, version) for version in range(first, last + 1)]
    # Another writer may have made a checkpoint and cleaned old commits away.
    sync_files(root, [commit for commit in commits if commit.exists()])


def sync_checkpoint(root: Path, version: int) -> None:
    """Make the checkpoint of a version, and the pointer to it, survive a power cut."""
    log = root / LOG
    sync_files(root, [*log.glob(f"{version:020}.checkpoint*.parquet"), log / "_last_checkpoint"])


def commit_path(root: Path, version: int) -> Path:
    """Where the Delta log keeps the commit of a version."""
    return root / LOG / f"{version:020}.json"


def drop_torn_commit(root: Path) -> int | None:
    """Set aside the newest commit if a power cut left it torn; its version, or None.

    To be called before a log is first opened: deltalake takes an empty commit for a valid one, and a reader
    that had seen it would miss the real commit of that number.

    A commit becomes visible whole (it is linked into place), so only a power cut before its fsync can
    leave it empty or cut off. Whoever wrote it was never told that it succeeded, hence no row has left
    the database because of it, and the sealing that follows writes those rows again.
    """
    commits = sorted((root / LOG).glob("[0-9]*.json"))
    if not commits or _is_whole(commits[-1]):
        return None
    torn = commits[-1]
    with suppress(FileNotFoundError):  # another process saw it too
        torn.rename(torn.with_suffix(".torn"))
    _fsync(root / LOG)
    return int(torn.stem)


def _is_whole(commit: Path) -> bool:
    lines = commit.read_bytes().splitlines()
    try:
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
