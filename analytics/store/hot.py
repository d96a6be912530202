"""Hot rows as an Arrow table: those that the lake does not hold yet.

PostgreSQL sends them as CSV through COPY, which Arrow parses without a Python object per row; other databases go
through the ORM. What stands for the watermark is the inserting transaction, or on SQLite, with its single writer,
the row's id.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from django.db import connection
from django.db.models import F

from analytics.models import UserEvent
from eventlake.schema import COLUMNS, DERIVED, INSTANT, NAMES

_TABLE = UserEvent._meta.db_table
_INSTANTS = {column.name for column in COLUMNS if column.type == INSTANT}
_READ = [name for name in NAMES if name not in DERIVED]


def _column_sql(name: str) -> str:
    """Instants travel as microseconds: one integer to parse, and no time zone to get wrong."""
    if name in _INSTANTS:
        return f'(extract(epoch FROM "{name}") * 1000000)::bigint AS "{name}"'
    return f'"{name}"'


_SELECT = f"SELECT {', '.join(map(_column_sql, _READ))} FROM {_TABLE}"  # noqa: S608
_COPY = f"COPY ({_SELECT} WHERE {{}}) TO STDOUT (FORMAT csv)"
_CSV_TYPES = {
    column.name: pa.int64() if column.name in _INSTANTS else column.type
    for column in COLUMNS
    if column.name not in DERIVED
}


def watermark_of(insert_xid: int, row_id: int) -> int:
    """What a row is compared by with the lake's watermark."""
    return insert_xid if connection.vendor == "postgresql" else row_id


def rows_from(
    watermark: int,
    *,
    below: int | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
) -> pa.Table:
    """Rows at or above the watermark, with the lake's columns.

    `below` ends the range of watermarks; `from_at` and `to_at` bound the time of the event (half-open).
    """
    if connection.vendor != "postgresql":
        return _by_orm(watermark, below, from_at, to_at)
    wanted: list[tuple[str, Any]] = [("insert_xid >= %s", watermark)]
    wanted += [("insert_xid < %s", below)] if below is not None else []
    wanted += [('"timestamp" >= %s', from_at)] if from_at is not None else []
    wanted += [('"timestamp" < %s', to_at)] if to_at is not None else []
    statement = _COPY.format(" AND ".join(text for text, _ in wanted))
    values = [value for _, value in wanted]
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(statement, values) as copy,  # Django's debugging wrapper takes no parameters here
    ):
        text = b"".join(bytes(part) for part in copy)
    return _parsed(text)


def _parsed(text: bytes) -> pa.Table:
    if not text:
        return _typed(pa.table({name: pa.array([], _CSV_TYPES[name]) for name in _READ}))
    return _typed(
        csv.read_csv(
            io.BytesIO(text),
            read_options=csv.ReadOptions(column_names=_READ),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=_CSV_TYPES,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    )


def _typed(table: pa.Table) -> pa.Table:
    """Microseconds become instants."""
    for name in _INSTANTS:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.int64()).cast(INSTANT))
    return table


def _by_orm(watermark: int, below: int | None, from_at: datetime | None, to_at: datetime | None) -> pa.Table:
    events = UserEvent.objects.filter(id__gte=watermark)
    if below is not None:
        events = events.filter(id__lt=below)
    if from_at is not None:
        events = events.filter(timestamp__gte=from_at)
    if to_at is not None:
        events = events.filter(timestamp__lt=to_at)
    import orjson

    rows = events.annotate(row=F("id")).values_list(*_READ)
    columns = {name: list(values) for name, values in zip(_READ, zip(*rows, strict=True), strict=True)}
    if not columns:
        return _parsed(b"")
    columns["insert_xid"] = columns["id"]
    columns["uuid"] = [str(value) for value in columns["uuid"]]
    columns["metadata"] = [orjson.dumps(value).decode() for value in columns["metadata"]]
    types = {column.name: column.type for column in COLUMNS}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
