"""Building rollups of closed days, and clearing away those that nobody uses any more.

Safe to run at any time, twice, and by two processes at once: what is built depends only on the files it is made of,
and becomes visible with its manifest, the last thing to be written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from eventlake import durability
from eventlake.analyses.buckets import day_sql
from eventlake.analyses.statements import statement
from eventlake.engine import Engine, Run
from eventlake.parameters import Parameters
from eventlake.periods import Span, find_zone
from eventlake.relations import Events
from eventlake.rollups.kinds import KINDS, SESSIONS, SILENCE_US, Kind
from eventlake.rollups.segments import FOLDER, Segment, segment_name
from eventlake.source import Source
from eventlake.storage import make_folder
from eventlake.table import Lake, LakeFile

#: A segment takes whole days until it has this many events: few files to open, and a rebuild of some seconds.
SEGMENT_ROWS = 5_000_000

#: Rows of a row group, as in `datafiles`.
_ROW_GROUP_ROWS = 122_880

#: How long the files of a retired segment stay for those who are just reading them.
GRACE = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: segments built, taken out of use, and deleted."""

    built: int
    retired: int
    swept: int


def refresh_rollups(lake: Lake, engine: Engine, *, closed_before: dt.date, now: dt.datetime) -> Refreshed:
    """Make the rollups of every UTC day before `closed_before` that have none, and drop what is out of use.

    Errors: those of `Run.rows`. What was built until then stays.
    """
    built = 0
    have = {segment.name for segment in lake.snapshot().segments}
    for files in plan_segments(lake.snapshot().files, closed_before):
        if segment_name(lake.zone, (file.path for file in files)) not in have:
            build_segment(lake, engine, files)
            built += 1
    retired = lake.rollups.retire(lake.snapshot().segments)
    return Refreshed(built, retired, lake.rollups.sweep(now - GRACE))


def plan_segments(files: Sequence[LakeFile], closed_before: dt.date) -> Iterator[tuple[LakeFile, ...]]:
    """Groups of files that each deserve a segment: whole closed days of one month, up to SEGMENT_ROWS.

    Files are sorted by day, as in a snapshot. Groups depend on the closed days alone, so that a day that closes
    changes no group but the last.
    """
    group: list[LakeFile] = []
    for day in _days(file for file in files if file.day < closed_before):
        is_full = sum(file.rows for file in group) + sum(file.rows for file in day) > SEGMENT_ROWS
        if group and (
            is_full or (group[-1].day.year, group[-1].day.month) != (day[0].day.year, day[0].day.month)
        ):
            yield tuple(group)
            group = []
        group += day
    if group:
        yield tuple(group)


def build_segment(lake: Lake, engine: Engine, files: Sequence[LakeFile]) -> Segment:
    """Write the rollups of these files, then the manifest. On a local disk all is fsynced when this returns."""
    segment = Segment(
        name=segment_name(lake.zone, (file.path for file in files)),
        zone=lake.zone,
        sources=tuple(sorted(file.path for file in files)),
        first_day=min(file.day for file in files),
        last_day=max(file.day for file in files),
        rows=sum(file.rows for file in files),
        kind_rows={},
    )
    make_folder(lake.filesystem, f"{FOLDER}/{segment.name}")
    snapshot = replace(lake.snapshot(), files=tuple(files), segments=())
    with engine.read(Source.as_written(snapshot, _start(segment.last_day))) as reader:
        run = reader.run("rollups")
        for kind in KINDS:
            rows = roll_up(run, kind, segment)
            segment.kind_rows[kind.name] = rows.num_rows
            _write(lake, segment.path(kind.name), kind, rows)
    lake.rollups.add(segment)
    if lake.local_root is not None:
        root = lake.local_root
        durability.sync_files(root, (root / segment.path(kind.name) for kind in KINDS))
        durability.sync_files(root, [root / FOLDER / f"{segment.name}.json"])
    return segment


def roll_up(run: Run, kind: Kind, segment: Segment) -> pa.Table:
    """The rows of one kind, counted from the source's events."""
    span = Span(_start(segment.first_day), _start(segment.last_day + dt.timedelta(days=1)))
    parameters = Parameters()
    slots = {}
    if kind.name != "tracks":
        slots["day"] = day_sql(span, find_zone(segment.zone), parameters)
    if kind is SESSIONS:
        parameters.name("silence_us", SILENCE_US)
        slots = {"session_rows": statement("session_rows", **slots)}
    sql = statement(f"rollup_{kind.name}", **slots)
    return run.columns(sql, parameters, events=Events(span)).cast(kind.schema)


def _days(files: Iterable[LakeFile]) -> Iterator[list[LakeFile]]:
    day: list[LakeFile] = []
    for file in files:
        if day and day[-1].day != file.day:
            yield day
            day = []
        day.append(file)
    if day:
        yield day


def _write(lake: Lake, path: str, kind: Kind, rows: pa.Table) -> None:
    pq.write_table(
        rows,
        path,
        filesystem=lake.filesystem,
        row_group_size=_ROW_GROUP_ROWS,
        compression="lz4",
        use_dictionary=[name for name in rows.column_names if name not in kind.delta_encoded],
        column_encoding=dict.fromkeys(kind.delta_encoded, "DELTA_BINARY_PACKED"),
    )


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
