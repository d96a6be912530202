"""Checking the lake against itself and against whoever it was copied from.

Nothing here mends: it says what is wrong, and `rewriting`, `rollups.build` or a rebuild put it right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from eventlake.analyses.statements import statement
from eventlake.engine import Engine
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Events
from eventlake.rollups.build import roll_up
from eventlake.rollups.kinds import KINDS
from eventlake.schema import DERIVED, PARTITION, SCHEMA, conform
from eventlake.source import Source
from eventlake.table import Lake, LakeFile


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file that the newest version names and that is not as the log says; as text, a sentence."""

    file: LakeFile
    fault: str

    def __str__(self) -> str:
        return f"{self.file.path} {self.fault}"


def check_files(lake: Lake, *, with_pages: bool = False) -> Iterator[FileFault]:
    """Files that are absent, or of another size or number of rows than the log says.

    `with_pages` reads everything, and also names files with a page that differs from what was written, by the
    checksum (CRC-32) beside it.
    """
    for file in lake.snapshot().files:
        fault = _fault(lake, file) or (with_pages and _page_fault(lake, file))
        if fault:
            yield FileFault(file, fault)


def check_uuids(lake: Lake, engine: Engine, now: dt.datetime) -> Iterator[str]:
    """Events that are in the lake more than once, by day."""
    for files in _by_day(lake.snapshot().files):
        with engine.read(_source(lake, files, now)) as reader:
            events = Events(Span.of_days(files[0].day, files[0].day))
            ((count,),) = reader.run("verify").rows(statement("verify_uuids"), Parameters(), events=events)
        if count:
            yield f"{files[0].day}: {count} events more than once"


def check_rollups(lake: Lake, engine: Engine, now: dt.datetime) -> Iterator[str]:
    """Rollups that differ from a recount of the files that they are made of."""
    snapshot = lake.snapshot()
    by_path = {file.path: file for file in snapshot.files}
    for segment in snapshot.segments:
        files = tuple(
            sorted((by_path[path] for path in segment.sources), key=lambda file: (file.day, file.path))
        )
        with engine.read(_source(lake, files, now)) as reader:
            for kind in KINDS:
                counted = roll_up(reader.run("verify"), kind, segment)
                kept = pq.read_table(segment.path(kind.name), filesystem=lake.filesystem).cast(kind.schema)
                if not _same_rows(kept, counted):
                    yield f"rollup {kind.name} of {segment.first_day} to {segment.last_day} differs from a recount"


def find_identical(lake: Lake, engine: Engine, rows: pa.Table, now: dt.datetime) -> pa.Array:
    """Ids of those of these rows (with the lake's columns) of which the lake holds the very same, column by column."""
    rows = conform(rows)
    days = set(pc.unique(rows.column(PARTITION)).to_pylist())
    columns = [name for name in SCHEMA.names if name not in DERIVED | {"id", "insert_xid"}]
    same = " and ".join(f'expected."{name}" is not distinct from events."{name}"' for name in columns)
    source = _source(lake, [file for file in _files_with(lake, rows) if file.day in days], now)
    return _match(engine, source, rows, statement("verify_identical", same=same))


def find_clashes(lake: Lake, engine: Engine, rows: pa.Table, now: dt.datetime) -> pa.Array:
    """Ids of those of these rows (columns id, uuid) under whose id the lake holds an event of another uuid."""
    source = _source(lake, _files_with(lake, rows), now)
    return _match(engine, source, rows, statement("verify_clashes"))


def _match(engine: Engine, source: Source, rows: pa.Table, sql: str) -> pa.Array:
    files = source.snapshot.files
    if not files:
        return pa.array([], pa.int64())
    with engine.read(source) as reader:
        run = reader.run("verify")
        run.give("expected", rows)
        events = Events(Span.of_days(files[0].day, files[-1].day))
        return run.columns(sql, Parameters(), events=events).column("id").combine_chunks()


def _files_with(lake: Lake, rows: pa.Table) -> list[LakeFile]:
    """Files that can hold one of the ids of these rows."""
    ids = np.sort(rows.column("id").to_numpy())
    return [file for file in lake.snapshot().files if file.may_hold(ids)]


def _fault(lake: Lake, file: LakeFile) -> str:
    info = lake.filesystem.get_file_info(file.path)
    if info.type != pafs.FileType.File:
        return "is not there"
    if info.size != file.size_bytes:
        return f"has {info.size} bytes, the log says {file.size_bytes}"
    rows = pq.read_metadata(file.path, filesystem=lake.filesystem).num_rows
    return "" if rows == file.rows else f"has {rows} rows, the log says {file.rows}"


def _page_fault(lake: Lake, file: LakeFile) -> str:
    try:
        with pq.ParquetFile(file.path, filesystem=lake.filesystem, page_checksum_verification=True) as opened:
            for _ in opened.iter_batches():
                pass
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read: {error}"
    return ""


def _source(lake: Lake, files: Sequence[LakeFile], now: dt.datetime) -> Source:
    return Source.sealed_only(replace(lake.snapshot(), files=tuple(files), segments=()), now)


def _by_day(files: Iterator[LakeFile] | Sequence[LakeFile]) -> Iterator[list[LakeFile]]:
    day: list[LakeFile] = []
    for file in files:
        if day and day[-1].day != file.day:
            yield day
            day = []
        day.append(file)
    if day:
        yield day


def _same_rows(one: pa.Table, other: pa.Table) -> bool:
    if one.num_rows != other.num_rows:
        return False
    keys = [(name, "ascending") for name in one.column_names]
    return bool(one.sort_by(keys).equals(other.sort_by(keys)))
