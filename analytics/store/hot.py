"""Hot rows as an Arrow table: those that the lake does not hold yet.

PostgreSQL sends them as CSV through COPY, which Arrow parses without a Python object per row; other databases go
through the ORM. What stands for the watermark is the inserting transaction, or on SQLite, with its single writer,
the row's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from analytics.models import EventChange, UserEvent
from analytics.store.copying import copy_rows
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
_CSV_TYPES = {
    column.name: pa.int64() if column.name in _INSTANTS else column.type
    for column in COLUMNS
    if column.name not in DERIVED
}


def mark() -> str:
    """The field that is compared with the lake's watermark."""
    return "insert_xid" if connection.vendor == "postgresql" else "id"


def watermark_of(insert_xid: int, row_id: int) -> int:
    """What a row is compared by with the lake's watermark."""
    return insert_xid if mark() == "insert_xid" else row_id


def watermarks(rows: pa.Table) -> pa.ChunkedArray:
    """What each row is compared by with the lake's watermark."""
    return rows.column(mark())


def rows_from(
    watermark: int,
    *,
    below: int | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    changed: Sequence[int] = (),
) -> pa.Table:
    """Rows at or above the watermark, and those of `changed` ids wherever they are, with the lake's columns.

    `below` ends the range of watermarks; `from_at` and `to_at` bound the time of the event (half-open).
    """
    place = mark()
    found = Q(**{f"{place}__gte": watermark})
    wanted: list[tuple[str, Any]] = [("insert_xid >= %s", watermark)]
    if changed:
        found |= Q(id__in=changed)
        wanted = [("(insert_xid >= %s OR id = ANY(%s))", (watermark, list(changed)))]
    bounds = ((f"{place}__lt", below), ("timestamp__gte", from_at), ("timestamp__lt", to_at))
    for lookup, value in bounds:
        if value is not None:
            found &= Q(**{lookup: value})
            column, sign = lookup.split("__")
            wanted.append((f'"{column}" {"<" if sign == "lt" else ">="} %s', value))
    return _read(wanted, UserEvent.objects.filter(found))


def events_from(watermark: int, *, below: int | None = None) -> QuerySet[UserEvent]:
    """Rows at or above the watermark, and below another one if it is given."""
    events = UserEvent.objects.filter(**{f"{mark()}__gte": watermark})
    return events if below is None else events.filter(**{f"{mark()}__lt": below})


def count_from(watermark: int) -> tuple[int, int | None]:
    """Number and highest id of the rows at or above the watermark."""
    found = events_from(watermark).aggregate(count=Count("id"), last=Max("id"))
    return found["count"], found["last"]


def rows_of(ids: Sequence[int]) -> pa.Table:
    """The rows of these ids that are there, with the lake's columns."""
    return _read([("id = ANY(%s)", list(ids))], UserEvent.objects.filter(id__in=ids))


def sealed_rows(
    watermark: int, *, after_id: int, limit: int, to_archive_before: datetime | None = None
) -> pa.Table:
    """Rows below the watermark that have no pending change: the first `limit` with ids above `after_id`.

    With `to_archive_before` only rows of events before that instant which are not archived.
    """
    rows = UserEvent.objects.filter(id__gt=after_id, **{f"{mark()}__lt": watermark})
    if to_archive_before is not None:
        rows = rows.filter(timestamp__lt=to_archive_before, is_archived=False)
    rows = rows.exclude(Exists(EventChange.objects.filter(event_id=OuterRef("pk"))))
    return rows_of(list(rows.order_by("id").values_list("id", flat=True)[:limit]))


def _read(wanted: Sequence[tuple[str, Any]], events: QuerySet[UserEvent]) -> pa.Table:
    """Rows that all conditions keep: by COPY where there is one, else of the same rows as `events`."""
    if connection.vendor != "postgresql":
        return _by_orm(events)
    statement = f"{_SELECT} WHERE {' AND '.join(text for text, _ in wanted)}"
    values = [part for _, value in wanted for part in (value if isinstance(value, tuple) else (value,))]
    return _typed(copy_rows(statement, values, _CSV_TYPES))


def _typed(table: pa.Table) -> pa.Table:
    """Microseconds become instants."""
    for name in _INSTANTS:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.int64()).cast(INSTANT))
    return table


def _by_orm(events: QuerySet[UserEvent]) -> pa.Table:
    import orjson

    rows = list(events.annotate(row=F("id")).values_list(*_READ))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_READ)}
    columns["insert_xid"] = columns["id"]
    columns["uuid"] = [str(value) for value in columns["uuid"]]
    columns["metadata"] = [orjson.dumps(value).decode() for value in columns["metadata"]]
    types = {column.name: column.type for column in COLUMNS}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
