"""Checking the lake against itself and against whoever it was copied from.

Nothing here mends: it says what is wrong, and `rewriting`, `rollups.build` or a rebuild put it right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayChecksum:
    """Rows of a UTC day, and the sum over them of the first 32 bits of the MD5 of a row's text.

    The text of a row is its uuid, event name, microseconds since 1970, person, and properties, joined by `|`; what is
    missing is ''. Any database can work it out, in any order of rows.
    """

    rows: int
    checksum: int


def check_files(lake: Lake) -> Iterator[str]:
    """What is wrong with the files that the newest version names: absent, of another size, of other rows."""
    for file in lake.snapshot().files:
        info = lake.filesystem.get_file_info(file.path)
        if info.type != pafs.FileType.File:
            yield f"{file.path} is not there"
        elif info.size != file.size_bytes:
            yield f"{file.path} has {info.size} bytes, the log says {file.size_bytes}"
        elif (rows := pq.read_metadata(file.path, filesystem=lake.filesystem).num_rows) != file.rows:
            yield f"{file.path} has {rows} rows, the log says {file.rows}"


def check_uuids(lake: Lake, engine: Engine, now: dt.datetime) -> Iterator[str]:
    """Events that are in the lake more than once, by day."""
    for files in _by_day(lake.snapshot().files):
        for (count,) in _ask(engine, _source(lake, files, now), "verify_uuids"):
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


def day_checksums(
    lake: Lake, engine: Engine, days: Sequence[dt.date], now: dt.datetime, *, but_ids: pa.Table | None = None
) -> dict[dt.date, DayChecksum]:
    """Checksums of these UTC days, without the rows named in `but_ids` (column id); no entry for an empty day."""
    found: dict[dt.date, DayChecksum] = {}
    for files in _by_day(file for file in lake.snapshot().files if file.day in set(days)):
        source = _source(lake, files, now)
        if but_ids is not None:
            source = replace(source, superseded=but_ids)
        for count, checksum in _ask(engine, source, "verify_checksum"):
            if count:
                found[files[0].day] = DayChecksum(count, int(checksum))
    return found


def find_identical(lake: Lake, engine: Engine, rows: pa.Table, now: dt.datetime) -> pa.Array:
    """Ids of those of these rows (with the lake's columns) of which the lake holds the very same, column by column."""
    rows = conform(rows)
    days = set(pc.unique(rows.column(PARTITION)).to_pylist())
    columns = [name for name in SCHEMA.names if name not in DERIVED | {"id", "insert_xid"}]
    same = " and ".join(f'expected."{name}" is not distinct from events."{name}"' for name in columns)
    files = [file for file in lake.snapshot().files if file.day in days]
    source = _source(lake, [file for file in files if _may_hold(file, rows)], now)
    return _match(engine, source, rows, statement("verify_identical", same=same))


def find_clashes(lake: Lake, engine: Engine, rows: pa.Table, now: dt.datetime) -> pa.Array:
    """Ids of those of these rows (columns id, uuid) under whose id the lake holds an event of another uuid."""
    source = _source(lake, [file for file in lake.snapshot().files if _may_hold(file, rows)], now)
    return _match(engine, source, rows, statement("verify_clashes"))


def _match(engine: Engine, source: Source, rows: pa.Table, sql: str) -> pa.Array:
    files = source.snapshot.files
    if not files:
        return pa.array([], pa.int64())
    with engine.read(source) as reader:
        run = reader.run("verify")
        run.give("expected", rows)
        events = Events(Span(_start(files[0].day), _start(files[-1].day) + _DAY))
        return run.columns(sql, Parameters(), events=events).column("id").combine_chunks()


def _may_hold(file: LakeFile, rows: pa.Table) -> bool:
    """Whether the ids of a file and those of some rows overlap."""
    bounds = pc.min_max(rows.column("id")).as_py()
    if file.lowest_id is None or file.highest_id is None:
        return True
    return bool(rows.num_rows and file.lowest_id <= bounds["max"] and file.highest_id >= bounds["min"])


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _source(lake: Lake, files: Sequence[LakeFile], now: dt.datetime) -> Source:
    return Source.sealed_only(replace(lake.snapshot(), files=tuple(files), segments=()), now)


def _ask(engine: Engine, source: Source, name: str) -> list[tuple[int, ...]]:
    """The answer of a statement on the one day that the source holds."""
    start = _start(source.snapshot.files[0].day)
    with engine.read(source) as reader:
        events = Events(Span(start, start + _DAY))
        return reader.run("verify").rows(statement(name), Parameters(), events=events)


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
