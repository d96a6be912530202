"""Rows leave the database: to the lake alone after `ANALYTICS_HOT_DAYS`, and for good when their retention ends.

A row is first compared with its sealed copy, column by column, and marked (`is_archived`, `archived_at`); an hour
later, when no reader can still count on it, it is deleted and its uuid kept, so that a late retry is a duplicate.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Exists, OuterRef

from analytics import clock, conf
from analytics.models import ArchivedEvent, EventChange, UserEvent
from analytics.store import lake as lakes
from analytics.store.triggers import unnoted

if TYPE_CHECKING:
    from eventlake.engine import Engine

logger = logging.getLogger("analytics.upkeep")

#: Rows that are compared, and that are deleted, at a time.
_COMPARED_ROWS = 50_000
_DELETED_ROWS = 10_000

#: How long a marked row stays: longer than any reader's question takes.
GRACE = timedelta(hours=1)

_EVENTS = UserEvent._meta.db_table
_ARCHIVED = ArchivedEvent._meta.db_table
_MOVE = f"""
WITH gone AS (
    DELETE FROM {_EVENTS} WHERE id = ANY(%s)
    RETURNING uuid, id, person_id, user_id, ingest_key, received_at, created_at, retention_days
)
INSERT INTO {_ARCHIVED} (uuid, row_id, person_id, user_id, ingest_key, received_at, created_at, ends_at)
SELECT uuid, id, person_id, user_id, ingest_key, received_at, created_at, created_at + retention_days * interval '1 day'
FROM gone
ON CONFLICT (uuid) DO NOTHING
"""  # noqa: S608


@dataclass(frozen=True)
class Archived:
    """Rows marked as archived, rows that left the database, and rows whose sealed copy differs, which stay."""

    marked: int = 0
    deleted: int = 0
    differing: int = 0


def archive(engine: Engine) -> Archived:
    """Mark and delete what is due. **Errors**: those of the lake; nothing is deleted that it does not hold."""
    from eventlake.verify import check_files

    lake = lakes.lake()
    if faults := list(check_files(lake)):
        logger.error("nothing is archived, because the lake is damaged: %s", "; ".join(map(str, faults[:3])))
        return Archived()
    deleted = _delete_marked()
    marked, differing = _mark(engine)
    return Archived(marked, deleted, differing)


def _mark(engine: Engine) -> tuple[int, int]:
    from analytics.store import forwarded, hot
    from eventlake.verify import find_identical

    lake, now = lakes.lake(), clock.now()
    held_back = forwarded.slowest_watermark()
    before = now - timedelta(days=conf.get().hot_days)
    marked = differing = last_id = 0
    while True:
        watermark = lake.snapshot().watermark
        if held_back is not None:  # what a sink has yet to get stays
            watermark = min(watermark, held_back)
        rows = hot.sealed_rows(watermark, after_id=last_id, limit=_COMPARED_ROWS, to_archive_before=before)
        if not rows.num_rows:
            return marked, differing
        ids = rows.column("id").to_pylist()
        last_id = max(ids)
        same = find_identical(lake, engine, rows, now).to_pylist()
        with unnoted():
            UserEvent.objects.filter(id__in=same).update(is_archived=True, archived_at=now)
        marked += len(same)
        differing += len(ids) - len(same)
        if len(same) < len(ids):
            odd = sorted(set(ids).difference(same))[:5]
            logger.error("rows are not archived, because the lake's copy differs: ids %s ...", odd)


def _delete_marked() -> int:
    noted = EventChange.objects.filter(event_id=OuterRef("pk"))
    due = UserEvent.objects.filter(is_archived=True, archived_at__lt=clock.now() - GRACE).exclude(
        Exists(noted)
    )
    total = 0
    while True:
        with unnoted():
            chosen = due.order_by("pk")
            if connection.vendor == "postgresql":
                chosen = chosen.select_for_update(skip_locked=True, of=("self",))
            ids = list(chosen.values_list("pk", flat=True)[:_DELETED_ROWS])
            if not ids:
                return total
            _move(ids)
        total += len(ids)


def _move(ids: list[int]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [ids])
        return
    rows = UserEvent.objects.filter(pk__in=ids)
    ArchivedEvent.objects.bulk_create(
        [
            ArchivedEvent(
                uuid=row.uuid,
                row_id=row.pk,
                person_id=row.person_id,
                user_id=row.user_id,
                ingest_key=row.ingest_key,
                received_at=row.received_at,
                created_at=row.created_at,
                ends_at=row.created_at + timedelta(days=row.retention_days),
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    rows.delete()
    EventChange.objects.filter(event_id__in=ids).delete()


def expire(now: datetime) -> int:
    """Delete rows of the database whose retention has ended; how many. The lake's follow when days are rewritten."""
    total = 0
    for days in list(UserEvent.objects.order_by().values_list("retention_days", flat=True).distinct()):
        ended = UserEvent.objects.filter(retention_days=days, created_at__lte=now - timedelta(days=days))
        while ids := list(ended.order_by("pk").values_list("pk", flat=True)[:_DELETED_ROWS]):
            total += UserEvent.objects.filter(pk__in=ids).delete()[0]
    ArchivedEvent.objects.filter(ends_at__lte=now).delete()
    return total
