"""Stored events as a file that is made while it is read: CSV, JSON lines or Parquet, in constant memory.

Columns are the lake's without its bookkeeping; `person_id` is the uuid of the person that counts now, as everywhere in
the API. Sealed events come by day, those that are not sealed yet last.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from analytics.reports.answering import answering
from analytics.reports.csv_cells import put_out_of_action
from analytics.reports.ranges import span_or_all, zone_of
from analytics.store.event_stream import EventStream, PersonUuids, open_stream

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger("analytics.reports")

_BOOKKEEPING = frozenset({"id", "day", "insert_xid", "merged_person_id"})

#: Readers of Parquet skip and decode by row group; fifty thousand events of a kilobyte fit into any memory.
_ROW_GROUP_ROWS = 50_000

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"

OnRows = Callable[[int], None]


class ExportFormat(StrEnum):
    """What kind of file."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """What HTTP calls it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class Export:
    """A file to be: its name, an upper bound of its rows, and its bytes, which can be drawn once."""

    filename: str
    rows_at_most: int
    chunks: Iterator[bytes]


def export_events(
    kind: ExportFormat,
    date_from: str | None = None,
    date_to: str | None = None,
    timezone: str | None = None,
    on_rows: OnRows = lambda rows: None,
) -> Export:
    """The events of a half-open range, all without bounds. `on_rows(n)` is called with the rows of each chunk.

    **Errors**: `BadInput` for the range, `Unavailable`; drawing the first chunk may raise `Unavailable`, too.
    """
    zone = zone_of(timezone)
    span = span_or_all(date_from, date_to, zone)
    bounds = [text[:10] for text in (date_from, date_to) if text]
    with answering():
        stream = open_stream(span.from_at, span.to_at)
    rows = _tables(stream, on_rows)
    chunks = _ENCODERS[kind](rows)
    return Export("_".join(["events", *bounds]) + f".{kind}", stream.rows_at_most, _guarded(chunks))


def _guarded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    with answering():
        yield from chunks


def _tables(stream: EventStream, on_rows: OnRows) -> Iterator[pa.Table]:
    """What goes into the file, batch by batch; one without rows where there are no events, for its header."""
    persons, has_any = PersonUuids(), False
    for batch in stream.batches():
        yield _rows_of_file(batch, persons)
        on_rows(batch.num_rows)
        has_any = True
    if not has_any:
        yield _schema().empty_table()


def _schema() -> pa.Schema:
    import pyarrow as pa

    from eventlake.schema import FILE_SCHEMA

    return pa.schema(
        [
            pa.field("person_id", pa.string()) if field.name == "person_id" else field
            for field in FILE_SCHEMA
            if field.name not in _BOOKKEEPING
        ]
    )


def _rows_of_file(batch: pa.Table, persons: PersonUuids) -> pa.Table:
    import pyarrow as pa

    schema = _schema()
    columns = [
        persons.of(batch.column(name)) if name == "person_id" else batch.column(name) for name in schema.names
    ]
    return pa.Table.from_arrays(columns, schema=schema)


class _Pipe(io.RawIOBase):
    """Takes what a writer writes until somebody fetches it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written_bytes = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any, /) -> int:
        """Take it."""
        self._parts.append(bytes(data))
        self._written_bytes += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        """How far the file is: Parquet notes where its pieces lie."""
        return self._written_bytes

    def fetch(self) -> bytes:
        """All that was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _csv(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    import pyarrow.csv as csv

    pipe, writer = _Pipe(), None
    for table in tables:
        cells = _plain(table, is_csv=True)
        writer = writer or csv.CSVWriter(pipe, cells.schema)
        writer.write_table(cells)
        yield pipe.fetch()


def _jsonl(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    import orjson

    for table in tables:
        lines = []
        for row in _plain(table).to_pylist():
            row["metadata"] = _metadata(row["metadata"])
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        yield b"".join(lines)


def _parquet(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    pipe = _Pipe()
    with pq.ParquetWriter(pipe, _schema(), compression="zstd") as writer:
        for group in _in_groups(tables):
            writer.write_table(group, row_group_size=group.num_rows)
            yield pipe.fetch()
    yield pipe.fetch()


def _in_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    import pyarrow as pa

    group: list[pa.Table] = []
    rows = 0
    for table in tables:
        group.append(table)
        rows += table.num_rows
        if rows >= _ROW_GROUP_ROWS:
            yield pa.concat_tables(group)
            group, rows = [], 0
    if rows:
        yield pa.concat_tables(group)


_ENCODERS: dict[ExportFormat, Callable[[Iterator[pa.Table]], Iterator[bytes]]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.JSONL: _jsonl,
    ExportFormat.PARQUET: _parquet,
}


def _plain(table: pa.Table, *, is_csv: bool = False) -> pa.Table:
    """Instants as ISO text in UTC and money as exact decimals in text; in CSV texts that no spreadsheet runs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_timestamp(column.type):
            column = pc.strftime(column, format=_INSTANT)
        elif pa.types.is_decimal(column.type):
            column = column if is_csv else column.cast(pa.string())
        elif is_csv and pa.types.is_string(column.type):
            column = put_out_of_action(column)
        columns[name] = column
    return pa.table(columns)


def _metadata(text: str | None) -> Any:
    """The properties as they lie there; none where the text is no JSON object, which must not cost the others."""
    import orjson

    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        logger.warning("an event with broken metadata was exported without it")
        return {}
    if not isinstance(found, dict):
        return {}
    return orjson.Fragment(text) if text and "\n" not in text else found
