"""Rewriting days of the lake: one commit that takes a day's files away and puts one sorted file in their place.

Everything that changes sealed rows goes through here: compaction, rows that changed after they were sealed, erasure
of persons, the end of retention, and the persons into whom others were merged. All of it is worked out from the
day's rows in one statement, so that doing one thing never undoes another, and doing it twice changes nothing.

Readers are undisturbed: they hold the files of their own version, which `vacuum` deletes much later. A writer that
seals meanwhile adds files that this commit does not name, so nothing of it is lost.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import PostCommitHookProperties
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from eventlake import durability
from eventlake.analyses.statements import statement
from eventlake.datafiles import write_day_files
from eventlake.engine import Engine, Run
from eventlake.errors import TableError
from eventlake.hot_properties import choose_properties, property_columns
from eventlake.merges import SCHEMA as MERGES_SCHEMA
from eventlake.merges import digest_of
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Events
from eventlake.schema import DERIVED, PARTITION, SCHEMA, conform, empty
from eventlake.sealing import COMMIT_TRIES, settle
from eventlake.source import SUPERSEDED_SCHEMA, Source
from eventlake.table import Lake, LakeFile

PERSONS_SCHEMA = pa.schema([pa.field("person_id", pa.int64(), False)])


@dataclass(frozen=True)
class Changes:
    """What to bring into the days that are rewritten.

    `now`: rows whose retention ended before it go. `merges`: as in `Source`; it fills merged_person_id.
    `erased`: column person_id, as the events carry it; all their rows go. `changed`: the database's version of rows
    named in `superseded` (column id), with the lake's columns; a row that is only in `superseded` goes.
    """

    now: dt.datetime
    merges: pa.Table = field(default_factory=MERGES_SCHEMA.empty_table)
    erased: pa.Table = field(default_factory=PERSONS_SCHEMA.empty_table)
    changed: pa.Table = field(default_factory=empty)
    superseded: pa.Table = field(default_factory=SUPERSEDED_SCHEMA.empty_table)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a rewrite did: the version that it made, rows and files before and after."""

    version: int
    rows_before: int
    rows_after: int
    files_before: int
    files_after: int


def rewrite_days(lake: Lake, engine: Engine, days: Iterable[dt.date], changes: Changes) -> Rewritten | None:
    """Rewrite these UTC days in one commit; None where there is nothing to rewrite.

    A changed row may lie in another day than its old version: give both days. On a local disk all is fsynced when
    this returns.

    Errors: TableError when other writers took the same files away again and again; those of `Run.rows`.
    """
    days = sorted(set(days))
    kept_merges = lake.merges.add(changes.merges)
    for _ in range(COMMIT_TRIES):
        snapshot = lake.snapshot()
        files = tuple(file for file in snapshot.files if file.day in days)
        if not files and not changes.changed.num_rows:
            return None
        added = [action for day in days for action in _write_day(lake, engine, day, files, changes)]
        if lake.local_root is not None:
            written = [kept_merges, *(action.path for action in added)]
            durability.sync_files(lake.local_root, [lake.local_root / path for path in written])
        version = _commit(lake, files, added)
        if version is not None:
            rows = sum(map(_rows_of, added))
            return Rewritten(version, sum(file.rows for file in files), rows, len(files), len(added))
    raise TableError(
        f"{lake.uri} is too busy: days were rewritten by somebody else {COMMIT_TRIES} times in a row"
    )


def rewrite_each(lake: Lake, engine: Engine, days: Iterable[dt.date], changes: Changes) -> int:
    """Rewrite these UTC days, each in a commit of its own: a stop loses one day's work at most. How many days.

    A changed row of another day than its old version must have its note until all of its days are done.
    Errors: those of `rewrite_days`.
    """
    days = sorted(set(days))
    for day in days:
        rewrite_days(lake, engine, [day], changes)
    return len(days)


def find_days(lake: Lake, engine: Engine, changes: Changes, files: Sequence[LakeFile]) -> list[dt.date]:
    """UTC days of these files that hold a row which the changes concern, ascending."""
    if not files:
        return []
    snapshot = replace(lake.snapshot(), files=tuple(files), segments=())
    with engine.read(Source.sealed_only(snapshot, changes.now)) as reader:
        run = reader.run("find_days")
        _provide(run, changes)
        parameters = Parameters()
        parameters.name("now", changes.now)
        events = Events(Span.of_days(files[0].day, files[-1].day))
        return [day for (day,) in run.rows(statement("rewrite_days"), parameters, events=events)]


def days_to_compact(
    files: Iterable[LakeFile], *, closed_before: dt.date, most_open: int = 1, most_closed: int = 1
) -> list[dt.date]:
    """UTC days with too many files, ascending; of closed days also those with a file that was never rewritten."""
    files = list(files)
    counts = Counter(file.day for file in files)
    found = {file.day for file in files if file.day < closed_before and file.base is None}
    for day, count in counts.items():
        if count > (most_closed if day < closed_before else most_open):
            found.add(day)
    return sorted(found)


def days_of_undone(lake: Lake, merges: pa.Table) -> list[dt.date]:
    """UTC days, ascending, of files that were written with a merge that no longer holds by these (as in `Source`)."""
    snapshot = lake.snapshot()
    holding = snapshot.bases.holding(merges) | {None}
    return sorted({file.day for file in snapshot.files if file.base not in holding})


def vacuum(lake: Lake, *, retention_hours: int) -> int:
    """Delete files that no version younger than so many hours names, and those of writers that died; how many.

    Rollups are cleared away by `rollups.build.refresh_rollups`.
    """
    deleted = lake.open_table().vacuum(
        retention_hours=retention_hours,
        dry_run=False,
        enforce_retention_duration=False,
        full=True,
    )
    used = {file.base for file in lake.snapshot().files if file.base is not None}
    lake.merges.sweep(used, time.time() - 3600 * retention_hours)
    return len(deleted)


def drop_files(lake: Lake, files: Sequence[LakeFile]) -> int:
    """Commit that these files are no longer part of the table, because they are lost; the version.

    Errors: TableError where somebody else has taken one of them away meanwhile.
    """
    version = _commit(lake, files, [])
    if version is None:
        raise TableError(f"{lake.uri} has changed meanwhile; try again")
    return version


def forget_history(lake: Lake) -> int:
    """Delete every file and every commit of the log that the newest version does not need; how many files.

    Who is just reading an older version fails and has to ask again; versions before this one cannot be read any more.
    """
    deleted = vacuum(lake, retention_hours=0)
    table = lake.open_table()
    table.create_checkpoint()
    version = table.version()
    if lake.local_root is not None:
        durability.sync_checkpoint(lake.local_root, version)
    log = lake.filesystem.get_file_info(pafs.FileSelector(durability.LOG))
    for info in log:
        number = info.base_name.split(".")[0]
        if number.isdigit() and int(number) < version:
            lake.filesystem.delete_file(info.path)
    return deleted


def _write_day(
    lake: Lake, engine: Engine, day: dt.date, files: Sequence[LakeFile], changes: Changes
) -> Iterator[AddAction]:
    own = tuple(file for file in files if file.day == day)
    snapshot = replace(lake.snapshot(), files=own, segments=())
    source = Source(snapshot, changes.changed, changes.now, superseded=changes.superseded)
    with engine.read(source) as reader:
        run = reader.run("rewrite")
        _provide(run, changes)
        events = Events(Span.of_days(day, day))
        properties = choose_properties(run, events, known=lake.properties())
        parameters = Parameters()
        parameters.name("now", changes.now)
        columns = property_columns(properties, parameters)
        kept = [f'events."{name}"' for name in SCHEMA.names if name not in DERIVED]
        sql = statement("rewrite", columns=", ".join(kept), properties=columns)
        rows = run.columns(sql, parameters, events=events)
    lake.add_properties(properties)
    conforming = conform(rows.select([name for name in SCHEMA.names if name != PARTITION]))
    for column in rows.column_names:
        if column not in SCHEMA.names:
            conforming = conforming.append_column(column, rows.column(column).cast(pa.string()))
    yield from write_day_files(conforming, lake.filesystem, base=digest_of(changes.merges))


def _provide(run: Run, changes: Changes) -> None:
    run.give("roots", changes.merges.cast(MERGES_SCHEMA))
    run.give("erased", changes.erased.cast(PERSONS_SCHEMA))
    run.give("changed_ids", changes.superseded.cast(SUPERSEDED_SCHEMA))


def _commit(lake: Lake, files: Sequence[LakeFile], added: Sequence[AddAction]) -> int | None:
    """The version that was made; None when some of the files are no longer there."""
    for _ in range(COMMIT_TRIES):
        table = lake.open_table()
        present = {file.path for file in lake.snapshot().files}
        if not present.issuperset(file.path for file in files):
            return None
        with suppress(CommitFailedError):
            table.create_write_transaction(
                [*added, *(_removal(file) for file in files)],
                mode="append",
                schema=table.schema(),
                partition_by=[PARTITION],
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            return settle(lake, table)
    return None


def _removal(file: LakeFile) -> RemoveAction:
    return RemoveAction(
        path=file.path,
        data_change=True,
        deletion_timestamp=time.time_ns() // 1_000_000,
        size=file.size_bytes,
        partition_values={PARTITION: file.day.isoformat()},
    )


def _rows_of(action: AddAction) -> int:
    return int(json.loads(action.stats)["numRecords"])
