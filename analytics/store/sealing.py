"""Sealing the hot rows: which rows are safe to take, and handing them to the lake.

Safe are the rows of transactions below the snapshot's `xmin`: every one of those has ended, so no row can appear
below that bound any more. The lake commits rows and watermark together; one sealer at a time holds the lock.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import connection, transaction

from analytics.models import UserEvent
from analytics.store import hot, locks
from analytics.store.lake import cluster, lake
from eventlake.sealing import seal

logger = logging.getLogger("analytics.sealing")

MAX_ROWS = 200_000  # of one sealing; about 100 MB in memory

_TABLE = UserEvent._meta.db_table
_SAFE_BOUND = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_FIRST_BEYOND = (
    f"SELECT insert_xid FROM {_TABLE} WHERE insert_xid >= %s AND insert_xid < %s "  # noqa: S608
    "ORDER BY insert_xid OFFSET %s LIMIT 1"
)
_NEXT_TRANSACTION = f"SELECT min(insert_xid) FROM {_TABLE} WHERE insert_xid > %s AND insert_xid < %s"  # noqa: S608


@dataclass(frozen=True)
class SealedRows:
    """What one sealing did; `is_finished` is False while more rows are waiting."""

    rows: int
    version: int
    watermark: int
    is_finished: bool


def seal_next() -> SealedRows | None:
    """Seal the next rows, at most about `MAX_ROWS`; None while another process is sealing.

    **Errors**: those of `eventlake.sealing.seal`; the lake and the rows are then as before.
    """
    with transaction.atomic():
        if not locks.try_hold("seal"):
            return None
        start = lake().snapshot().watermark
        safe = safe_bound()
        end = bound_of_chunk(start, safe, MAX_ROWS)
        rows = hot.rows_from(start, below=end)
        sealed = seal(lake(), rows, watermark_from=start, watermark_to=end, cluster=cluster())
    return SealedRows(sealed.rows, sealed.version, sealed.watermark, is_finished=end >= safe)


def seal_all() -> int:
    """Seal everything that is safe now; returns how many rows."""
    total = 0
    while (sealed := seal_next()) is not None:
        total += sealed.rows
        if sealed.is_finished:
            break
    return total


def safe_bound() -> int:
    """The watermark below which no row can appear any more."""
    if connection.vendor == "postgresql":
        return int(_one(_SAFE_BOUND, []) or 0)
    newest = UserEvent.objects.order_by("-id").values_list("id", flat=True).first()
    return (newest or 0) + 1


def bound_of_chunk(start: int, safe: int, rows: int) -> int:
    """The watermark that ends the next part of about so many rows: a whole transaction is never split."""
    if connection.vendor != "postgresql":
        return min(safe, start + rows)
    beyond = _one(_FIRST_BEYOND, [start, safe, rows])
    if beyond is None:
        return safe
    if beyond > start:
        return beyond
    return _one(_NEXT_TRANSACTION, [start, safe]) or safe


def _one(statement: str, parameters: list[int]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
