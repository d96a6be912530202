"""Writing sealed rows as Parquet files, one folder a day, and describing them to the Delta log.

Owns layout: order inside a file, encodings, compression, statistics. Refuses to know what a watermark is
and never commits: a file that nobody commits is invisible, and vacuum takes it away.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from eventlake.schema import FILE_SCHEMA, PARTITION, SCHEMA, SORT_KEYS
from eventlake.storage import make_folder

#: Rows of a row group. DuckDB works on groups of this size, so two threads can share one day.
ROW_GROUP_ROWS = 122_880

#: Columns that only bookkeeping and single-event views read, or that repeat in a way that only zstd finds: small
#: matters more than fast.
SELDOM_READ = frozenset(
    {
        "id",
        "merged_person_id",
        "person_id",
        "session_id",
        "uuid",
        "user_id",
        "distinct_id",
        "anonymous_id",
        "ingest_key",
        "source",
        "action",
        "page_url",
    }
    | {"referrer", "user_agent", "retention_days", "created_at", "updated_at", "insert_xid", "metadata"}
)

#: Numbers that lie close to one another: stored as differences, which are as fast to read as they are small.
DELTA_ENCODED = ("id", "timestamp", "created_at", "updated_at", "insert_xid")

#: Columns without repetition, or sorted, where a dictionary is only a detour.
DISTINCT = frozenset({*DELTA_ENCODED, "uuid", "person_id", "merged_person_id", "metadata"})

#: Levels of zstd for the JSON: sealing is in a hurry, a rewrite is not (16.7 and 13 bytes an event).
SEALED_LEVEL, REWRITTEN_LEVEL = 1, 6

#: Columns whose smallest and largest values go into the Delta log, for engines that skip files by them.
STATISTICS = ("id", "timestamp", "event_name", "person_id", "insert_xid")

#: Scanned columns by lz4 (fast to read), the rest by zstd (small): docs/decisions/0003 has the figures.
CODECS = {name: "zstd" if name in SELDOM_READ else "lz4" for name in FILE_SCHEMA.names}


def write_day_files(
    rows: pa.Table, filesystem: pafs.SubTreeFileSystem, *, base: str | None = None
) -> Iterator[AddAction]:
    """Write conforming rows, one sorted file a day, and yield what the Delta log needs to know of each.

    Columns beyond the schema are hot properties; they are written as they come. `base` is the digest of the merges
    by which a rewrite has filled merged_person_id.

    Shape: one action a day, days ascending; nothing for no rows. Paths are new at each call, so that a
    retry or a second writer never touches a file that somebody reads.
    """
    rows = rows.combine_chunks()
    keys = [(name, "ascending") for name in (PARTITION, *SORT_KEYS)]
    order = pc.sort_indices(rows.select([name for name, _ in keys]), sort_keys=keys)
    properties = [name for name in rows.column_names if name not in SCHEMA.names]
    columns = rows.select([*FILE_SCHEMA.names, *properties])
    offset = 0
    for day, count in _days(rows.column(PARTITION)):
        part = columns.take(order.slice(offset, count))
        yield _write(part, day, filesystem, base)
        offset += count


def _days(days: pa.ChunkedArray) -> list[tuple[dt.date, int]]:
    counts = [(item["values"], item["counts"]) for item in pc.value_counts(days).to_pylist()]
    return sorted(counts)


def _write(rows: pa.Table, day: dt.date, filesystem: pafs.SubTreeFileSystem, base: str | None) -> AddAction:
    folder = f"{PARTITION}={day.isoformat()}"
    name = str(uuid.uuid4()) if base is None else f"{uuid.uuid4()}-{base}"
    path = f"{folder}/{name}.parquet"
    make_folder(filesystem, folder)
    pq.write_table(
        rows,
        path,
        filesystem=filesystem,
        row_group_size=ROW_GROUP_ROWS,
        compression={name: CODECS.get(name, "lz4") for name in rows.column_names},
        compression_level={"metadata": SEALED_LEVEL if base is None else REWRITTEN_LEVEL},
        use_dictionary=[name for name in rows.column_names if name not in DISTINCT],
        column_encoding=dict.fromkeys(DELTA_ENCODED, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,  # `verify.check_files` compares them
    )
    written = filesystem.get_file_info(path)
    return AddAction(
        path=path,
        size=written.size,
        partition_values={PARTITION: day.isoformat()},
        modification_time=written.mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(_statistics(rows)),
    )


def _statistics(rows: pa.Table) -> dict[str, Any]:
    """Source: Delta Transaction Log Protocol, "Per-file Statistics"."""
    lowest, highest, nulls = {}, {}, {}
    for name in rows.column_names:
        if name not in FILE_SCHEMA.names:
            nulls[name] = rows.column(name).null_count  # says also that this file has the column
    for name in STATISTICS:
        column = rows.column(name)
        nulls[name] = column.null_count
        bounds = pc.min_max(column).as_py()
        if bounds["min"] is not None:
            lowest[name], highest[name] = _json_value(bounds["min"]), _json_value(bounds["max"])
    return {"numRecords": rows.num_rows, "minValues": lowest, "maxValues": highest, "nullCount": nulls}


def _json_value(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return float(value) if isinstance(value, Decimal) else value
