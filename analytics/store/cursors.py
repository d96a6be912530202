"""Reading the stream of events once, in parts, however often the reader is killed.

The cursor stands where the next part begins and moves in the transaction of the work itself, so a part is done whole
or not at all. Like sealing it only takes rows of transactions that have ended, so that no row can appear behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from analytics import clock
from analytics.models import UserEvent, WorkCursor
from analytics.store import hot, locks, sealing
from analytics.store.lake import cluster


@dataclass(frozen=True)
class Part:
    """A part of the stream: its rows, and whether more are waiting behind it."""

    events: QuerySet[UserEvent]
    is_last: bool


@contextmanager
def next_part(name: str, rows: int) -> Iterator[Part | None]:
    """The next part of about so many rows; None while another process reads. Leaving it without an error moves on."""
    with transaction.atomic():
        if not locks.try_hold(f"cursor {name}"):
            yield None
            return
        cursor, _ = WorkCursor.objects.get_or_create(name=name, defaults={"cluster": cluster()})
        start = cursor.watermark if cursor.cluster == cluster() else 0  # a restored dump counts anew
        safe = sealing.safe_bound()
        end = sealing.bound_of_chunk(start, safe, rows)
        yield Part(hot.events_from(start, below=end), is_last=end >= safe)
        cursor.watermark, cursor.cluster, cursor.moved_at = max(start, end), cluster(), clock.now()
        cursor.save()


@contextmanager
def unread(name: str) -> Iterator[QuerySet[UserEvent] | None]:
    """All rows that came since this block was last left without an error; None the first time.

    For work that only looks at them and may be done twice: nothing is locked meanwhile, and two readers see the same.
    """
    safe = sealing.safe_bound()
    found = WorkCursor.objects.filter(name=name, cluster=cluster()).first()
    yield None if found is None else hot.events_from(found.watermark, below=safe)
    WorkCursor.objects.update_or_create(
        name=name, defaults={"watermark": safe, "cluster": cluster(), "moved_at": clock.now()}
    )
