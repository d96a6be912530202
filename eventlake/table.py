"""The Delta table that holds sealed events, and snapshots of it.

Owns how the lake is created, opened, widened and read at one version. The watermark (rows stored by
transactions below it are in the lake) and the identity of the database cluster whose transactions it
counts live in the Delta log as application transactions, so that a snapshot takes both from the very
version whose files it lists.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError

from eventlake import durability
from eventlake.errors import TableError
from eventlake.merges import Bases, MergesFolder, base_of
from eventlake.rollups.segments import Segment, SegmentFolder
from eventlake.schema import PARTITION, PROPERTY_PREFIX, SCHEMA
from eventlake.storage import local_path, open_filesystem

#: Names of the application transactions. They are part of the format: never change them.
WATERMARK = "eventlake.watermark"
CLUSTER = "eventlake.cluster"

#: Keep the statistics of every column, not of the first 32 alone: those of hot properties come last. The statistics of
#: files that were rewritten (they may name a person who was erased) leave the log after a day.
_CONFIGURATION = {
    "delta.dataSkippingNumIndexedCols": "-1",
    "delta.logRetentionDuration": "interval 1 days",
}

#: Commits between two checkpoints. Opening replays at most this many small files.
CHECKPOINT_EVERY = 50


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One data file of a snapshot: its path below the table's root, its UTC day, its rows and size.

    `lowest_id` and `highest_id` bound the ids of its rows; None where the log does not say. `properties` are the
    hot properties that have a column in it.
    """

    path: str
    day: dt.date
    rows: int
    size_bytes: int
    lowest_id: int | None = None
    highest_id: int | None = None
    properties: frozenset[str] = frozenset()

    @property
    def base(self) -> str | None:
        """The digest of the merges that it was written with; None for a file that was never rewritten."""
        return base_of(self.path)

    def may_hold(self, ids: npt.NDArray[np.int64]) -> bool:
        """Whether one of these ids, ascending, can be in it."""
        if self.lowest_id is None or self.highest_id is None:
            return True
        first, last = np.searchsorted(ids, (self.lowest_id, self.highest_id + 1))
        return bool(first < last)


@dataclass(frozen=True)
class LakeSnapshot:
    """The lake at one version, for ever the same.

    `version` is -1 while the lake does not exist. `watermark` is the first transaction whose rows are not
    in the lake; `cluster` tells which database cluster counts it, None before the first sealing.
    `files` are sorted by day and path. `segments` are rollups of some of them, in `zone`. `bases` are the merges
    that the files were written with.
    """

    root: str
    version: int
    watermark: int
    cluster: int | None
    files: tuple[LakeFile, ...]
    storage_options: dict[str, str] | None = None
    segments: tuple[Segment, ...] = ()
    zone: str = "UTC"
    bases: Bases = field(default_factory=Bases, compare=False)

    @cached_property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    @cached_property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def local_root(self) -> Path | None:
        """The table's folder, or None when it is not on a local disk."""
        return local_path(self.root)

    def files_between(self, from_at: dt.datetime, to_at: dt.datetime) -> tuple[LakeFile, ...]:
        """The files that can hold events of the half-open range; none when it is empty."""
        if from_at >= to_at:
            return ()
        first = from_at.astimezone(dt.UTC).date()
        last = (to_at.astimezone(dt.UTC) - dt.timedelta(microseconds=1)).date()
        return tuple(file for file in self.files if first <= file.day <= last)


class Lake:
    """A lake at an address: a folder, or an object store with its `storage_options` (as deltalake).

    `zone` is the IANA name of the zone in whose days rollups count.

    Cheap to make: nothing is read before the first `snapshot` and nothing written before `create`. Safe
    to share between threads. Keep one per process, because it remembers the log it has read.
    """

    def __init__(
        self, uri: str | Path, storage_options: dict[str, str] | None = None, zone: str = "UTC"
    ) -> None:
        self.uri = str(uri)
        self.storage_options = storage_options
        self.zone = zone
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None
        self._snapshot: LakeSnapshot | None = None

    @property
    def local_root(self) -> Path | None:
        """The table's folder, or None when it is not on a local disk."""
        return local_path(self.uri)

    @cached_property
    def filesystem(self) -> pafs.SubTreeFileSystem:
        """An Arrow file system whose root is the table."""
        return open_filesystem(self.uri, self.storage_options)

    @cached_property
    def rollups(self) -> SegmentFolder:
        """The rollups beside the table."""
        return SegmentFolder(self.filesystem, self.zone)

    @cached_property
    def merges(self) -> MergesFolder:
        """The merges that rewritten files were written with."""
        return MergesFolder(self.filesystem)

    def create(self) -> None:
        """Make the table where there is none, and add columns that a newer version of the code has.

        Errors: TableError when the place holds something that is not a lake of ours.
        """
        with self._lock:
            table = self._load() or self._create()
            known = {field.name for field in table.schema().fields}
            partitions = table.metadata().partition_columns
            if not known >= {"id", "timestamp", "insert_xid"} or partitions != [PARTITION]:
                raise TableError(f"{self.uri} holds a Delta table that is not an event lake")
            missing = [Field.from_arrow(field) for field in SCHEMA if field.name not in known]
            if missing:
                table.alter.add_columns(missing)
                self._sync(table.version())
            if not table.metadata().configuration.items() >= _CONFIGURATION.items():
                table.alter.set_table_properties(dict(_CONFIGURATION))
                self._sync(table.version())

    def snapshot(self) -> LakeSnapshot:
        """The newest version. Reading never writes: a lake that is not there yet is an empty snapshot.

        Errors: TableError when the log cannot be read.
        """
        with self._lock:
            table = self._load()
            if table is None:
                return LakeSnapshot(self.uri, -1, 0, None, (), self.storage_options, zone=self.zone)
            version = table.version()
            if self._snapshot is None or self._snapshot.version != version:
                watermark, cluster = read_position(table)
                files = list_files(table)
                bases = self.merges.find({file.base for file in files if file.base is not None})
                self._snapshot = LakeSnapshot(
                    root=self.uri,
                    version=version,
                    watermark=watermark,
                    cluster=cluster,
                    files=files,
                    storage_options=self.storage_options,
                    zone=self.zone,
                    bases=Bases(bases),
                )
            segments = self.rollups.find(file.path for file in self._snapshot.files)
            if segments != self._snapshot.segments:
                self._snapshot = replace(self._snapshot, segments=segments)
            return self._snapshot

    def properties(self) -> frozenset[str]:
        """Names of all hot properties that have a column in some file."""
        names = (field.name for field in self.open_table().schema().fields)
        return frozenset(
            name.removeprefix(PROPERTY_PREFIX) for name in names if name.startswith(PROPERTY_PREFIX)
        )

    def add_properties(self, properties: Iterable[str]) -> None:
        """Add a column for each hot property that has none yet."""
        with self._lock:
            table = self.open_table()
            known = {field.name for field in table.schema().fields}
            missing = [name for name in properties if f"{PROPERTY_PREFIX}{name}" not in known]
            if missing:
                table.alter.add_columns(
                    [Field.from_arrow(pa.field(f"{PROPERTY_PREFIX}{name}", pa.string())) for name in missing]
                )
                self._sync(table.version())

    def open_table(self) -> DeltaTable:
        """A fresh handle for a writer. Errors: TableError when there is no table."""
        try:
            return DeltaTable(self.uri, storage_options=self.storage_options)
        except DeltaError as error:
            raise TableError(f"no lake at {self.uri}: {error}") from error

    def _load(self) -> DeltaTable | None:
        try:
            if self._table is None:
                if self.local_root is not None:
                    durability.drop_torn_commit(self.local_root)
                self._table = DeltaTable(self.uri, storage_options=self.storage_options)
            else:
                self._catch_up(self._table)
        except TableNotFoundError:
            return None
        except DeltaError as error:
            raise TableError(f"the lake at {self.uri} cannot be read: {error}") from error
        return self._table

    def _catch_up(self, table: DeltaTable) -> None:
        """Read what was committed since. A process that slept longer than the log lasts begins anew."""
        try:
            table.update_incremental()
        except TableNotFoundError:
            raise
        except DeltaError:
            self._table = DeltaTable(self.uri, storage_options=self.storage_options)

    def _create(self) -> DeltaTable:
        if self.local_root is not None:
            self.local_root.mkdir(parents=True, exist_ok=True)
        self._table = DeltaTable.create(
            self.uri,
            schema=Schema.from_arrow(SCHEMA),
            mode="ignore",
            partition_by=[PARTITION],
            configuration=_CONFIGURATION,
            name="events",
            description="Analytics events; one row an event, partitioned by UTC day of timestamp",
            storage_options=self.storage_options,
        )
        self._sync(0)
        return self._table

    def _sync(self, version: int) -> None:
        if self.local_root is not None:
            durability.sync_commits(self.local_root, version, version)


def read_position(table: DeltaTable) -> tuple[int, int | None]:
    """Watermark and cluster of the version that a handle has open; 0 and None before the first sealing."""
    return table.transaction_version(WATERMARK) or 0, table.transaction_version(CLUSTER)


def list_files(table: DeltaTable) -> tuple[LakeFile, ...]:
    """The data files of the version that a handle has open, by day and path."""
    actions: Any = pa.table(table.get_add_actions(flatten=True))
    names = ("path", f"partition.{PARTITION}", "num_records", "size_bytes", "min.id", "max.id")
    absent = [None] * actions.num_rows
    columns = (actions.column(name).to_pylist() if name in actions.column_names else absent for name in names)
    properties = _list_properties(actions)
    files = [
        LakeFile(unquote(path), day, rows or 0, size_bytes, lowest, highest, frozenset(properties[number]))
        for number, (path, day, rows, size_bytes, lowest, highest) in enumerate(zip(*columns, strict=True))
    ]
    return tuple(sorted(files, key=lambda file: (file.day, file.path)))


def _list_properties(actions: pa.Table) -> list[set[str]]:
    """The hot properties of each file: those whose statistics know how many are null."""
    found: list[set[str]] = [set() for _ in range(actions.num_rows)]
    prefix = f"null_count.{PROPERTY_PREFIX}"
    for column in actions.column_names:
        if column.startswith(prefix):
            for number in np.flatnonzero(actions.column(column).is_valid().to_numpy()):
                found[number].add(column.removeprefix(prefix))
    return found
