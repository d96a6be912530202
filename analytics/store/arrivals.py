"""Events in the order in which they become visible: what was committed between two moments, each event once.

Row ids do not tell that order: a transaction may commit after one that began later. A *position* is therefore a
snapshot of the database (which transactions had ended) with the newest row id of then; rows of transactions that had
not ended in the one and have ended in the other came in between. On SQLite, with one writer at a time, the row id is
enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DataError, connection, transaction
from django.db.models import Max

from analytics.models import UserEvent

_TABLE = UserEvent._meta.db_table
_FIELDS = (
    "id", "uuid", "event_name", "event_type", "distinct_id", "page_path", "source", "ingest_key", "timestamp",
    "received_at",
)  # fmt: skip
#: Rows further back than this are not looked at: a viewer who comes back after a day wants the present.
_LOOKED_AT_ROWS = 100_000
#: Of a busy second so many rows are shown of each name, and so many in all.
OF_EACH_NAME, IN_ALL = 10, 150
_POSITION = re.compile(r"(?P<snapshot>\d{1,20}:\d{1,20}:[\d,]{0,4000});(?P<row_id>\d{1,18})")
_NEWEST = "SELECT pg_current_snapshot()::text, COALESCE(max(id), 0) FROM " + _TABLE  # noqa: S608
_BETWEEN = f"""
WITH came AS (
    SELECT {", ".join(_FIELDS)} FROM {_TABLE}
    WHERE id > %s AND insert_xid >= pg_snapshot_xmin(%s::pg_snapshot)::text::bigint
      AND NOT pg_visible_in_snapshot(insert_xid::text::xid8, %s::pg_snapshot)
      AND pg_visible_in_snapshot(insert_xid::text::xid8, %s::pg_snapshot)
), placed AS (
    SELECT came.*, count(*) OVER () AS in_all, count(*) OVER (PARTITION BY event_name) AS of_name,
           row_number() OVER (PARTITION BY event_name ORDER BY id DESC) AS place
    FROM came
)
SELECT {", ".join(_FIELDS)}, in_all, of_name FROM placed WHERE place <= %s ORDER BY place, id DESC LIMIT %s
"""  # noqa: S608


@dataclass(frozen=True)
class Arrived:
    """An event as the live page shows it."""

    id: int
    uuid: UUID
    event_name: str
    event_type: str
    distinct_id: str
    page_path: str
    source: str
    ingest_key: str
    timestamp: datetime
    received_at: datetime


@dataclass(frozen=True)
class Arrivals:
    """What came up to `position`: how many events, how many of each name that is shown, and some of them, newest first.

    Names are all there, except of a moment with more names than rows are shown.
    """

    position: str
    count: int
    by_name: dict[str, int]
    events: Sequence[Arrived]


def here() -> str:
    """The present position."""
    snapshot, row_id = _now()
    return f"{snapshot};{row_id}"


def newest(limit: int) -> Arrivals:
    """The newest events that are there; `count` says nothing then and is 0."""
    position = here()
    rows = UserEvent.objects.order_by("-id").values_list(*_FIELDS)[:limit]
    return Arrivals(position, 0, {}, [Arrived(*row) for row in rows])


def since(position: str, *, upto: str = "") -> Arrivals | None:
    """What came since a position, up to a later one or the present; None for a text that is no position."""
    match = _POSITION.fullmatch(position)
    if match is None:
        return None
    snapshot, row_id = _now()
    end = _POSITION.fullmatch(upto)
    if end is not None:
        snapshot, row_id = end["snapshot"], int(end["row_id"])
    above = row_id - _LOOKED_AT_ROWS
    try:
        with transaction.atomic():
            rows = _between(match, snapshot, above)
    except DataError:  # numbers that make no snapshot
        return None
    count = rows[0][len(_FIELDS)] if rows else 0
    by_name = {row[2]: row[len(_FIELDS) + 1] for row in rows}
    events = sorted((Arrived(*row[: len(_FIELDS)]) for row in rows), key=lambda event: event.id, reverse=True)
    return Arrivals(f"{snapshot};{row_id}", count, by_name, events)


def _now() -> tuple[str, int]:
    if connection.vendor != "postgresql":
        return "0:0:", UserEvent.objects.aggregate(row_id=Max("id"))["row_id"] or 0
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        snapshot, row_id = cursor.fetchone()
    return str(snapshot), int(row_id)


def _between(match: re.Match[str], snapshot: str, above: int) -> list[tuple[Any, ...]]:
    if connection.vendor != "postgresql":
        return _by_id(max(int(match["row_id"]), above))  # `upto` is the present there, but for an instant
    with connection.cursor() as cursor:
        then = match["snapshot"]
        cursor.execute(_BETWEEN, [above, then, then, snapshot, OF_EACH_NAME, IN_ALL])
        return list(cursor.fetchall())


def _by_id(above: int) -> list[tuple[Any, ...]]:
    found = UserEvent.objects.filter(id__gt=above)
    count = found.count()
    rows = list(found.order_by("-id").values_list(*_FIELDS)[:IN_ALL])
    names = [row[2] for row in rows]
    return [(*row, count, names.count(row[2])) for row in rows]
