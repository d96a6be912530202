"""Making a backup while events arrive.

The lake's version is chosen first and the database's moment after it: what was sealed in between is still in the
database, so every event is in one of them. No row leaves the database and no file the lake meanwhile, because upkeep
waits; sealing goes on.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from analytics import clock
from analytics.errors import Conflict
from analytics.models import ArchivedEvent
from analytics.store import lake as lakes
from analytics.store import locks
from analytics.store.backup import database, lake_copy
from analytics.store.backup.manifest import FORMAT, Manifest, describe, write_manifest
from analytics.version import __version__

logger = logging.getLogger("analytics.backup")

_TRIES = 3


def make(folder: Path) -> Manifest:
    """Write a backup into a new folder. It appears under its name when it is complete, and on disk for sure.

    **Errors**: `Conflict` for a folder that is there, or while upkeep runs; `Unavailable` with what is missing.
    """
    if folder.exists():
        raise Conflict(f"{folder} exists; a backup gets a folder of its own", code="folder_exists")
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    try:
        with locks.session("upkeep") as is_ours:
            if not is_ours:
                raise Conflict("upkeep is running; try again when it is through", code="upkeep_running")
            manifest = _write(unfinished)
        write_manifest(unfinished, manifest)
        _sync(unfinished)
        unfinished.rename(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    logger.info("backup of %d tables and %d lake rows", len(manifest.tables), manifest.lake_rows)
    return manifest


def _write(folder: Path) -> Manifest:
    for attempt in range(_TRIES):
        try:
            return _try_to_write(folder)
        except FileNotFoundError:
            if attempt == _TRIES - 1:
                raise
            logger.info("the lake was rewritten meanwhile; its copy begins anew")
            shutil.rmtree(folder / lake_copy.FOLDER, ignore_errors=True)
            for leftover in folder.iterdir():
                leftover.unlink()
    raise AssertionError("unreachable")


def _try_to_write(folder: Path) -> Manifest:
    archived = ArchivedEvent.objects.count()
    lake_read_at = clock.now()
    snapshot = lakes.lake().snapshot()
    lakes.check_cluster(snapshot)
    if snapshot.version >= 0:
        lake_copy.copy_log(folder, snapshot)
    made_at = clock.now()
    tables = database.dump(folder)
    if snapshot.version >= 0:
        lake_copy.copy_data(folder, snapshot)
    manifest = Manifest(
        FORMAT, made_at, __version__, _vendor(), snapshot.version, snapshot.rows, lake_read_at, tables,
        tuple(describe(folder)),
    )  # fmt: skip
    if (
        manifest.rows_of(ArchivedEvent._meta.db_table) > archived
    ):  # SQLite knows no lock that upkeep waits for
        raise FileNotFoundError("rows left the database between the lake's copy and its own")
    return manifest


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _sync(folder: Path) -> None:
    """Everything below the folder is on disk afterwards."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    for path in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
