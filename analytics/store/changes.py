"""Rows that changed after they were stored: what readers must know of them, and how the lake learns of them.

A late enrichment, a deleted user, an edit in a shell: triggers note the row (`analytics.store.triggers`). Until the
note is worked off, analyses skip the sealed copy of the row and take the database's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from analytics import clock
from analytics.models import EventChange, UserEvent
from analytics.store import lake as lakes
from analytics.store import locks
from analytics.store.triggers import unnoted

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.engine import Engine

logger = logging.getLogger("analytics.upkeep")

#: Notes that one merge takes.
MAX_NOTES = 50_000

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def pending() -> list[int]:
    """Row ids with a note that is not worked off, ascending. Read it before the lake's snapshot, never after."""
    return list(EventChange.objects.order_by("event_id").values_list("event_id", flat=True).distinct())


def as_table(ids: Iterable[int]) -> pa.Table:
    """Column id, as `eventlake.source.Source.superseded` has it."""
    import pyarrow as pa

    from eventlake.source import SUPERSEDED_SCHEMA

    return pa.table([pa.array(ids, pa.int64())], schema=SUPERSEDED_SCHEMA)


def merge_changes(engine: Engine) -> int:
    """Bring all changes that are noted now into the lake; how many rows.

    Each day is one commit of the lake; a stop in between leaves the notes, and they are worked off again.
    **Errors**: those of `eventlake.rewriting.rewrite_days`; what was done until then stays.
    """
    total = 0
    while count := _merge_some(engine):
        total += count
    return total


def _merge_some(engine: Engine) -> int:
    """At most `MAX_NOTES` notes. While the sealing's lock is held nobody seals a version read before the note."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from analytics.store import hot
    from eventlake.rewriting import Changes, find_days, rewrite_each

    lake = lakes.lake()
    with transaction.atomic():
        locks.hold("seal")
        notes = dict(EventChange.objects.order_by("id").values_list("id", "event_id")[:MAX_NOTES])
        if not notes:
            return 0
        snapshot = lake.snapshot()
        ids = sorted(set(notes.values()))
        rows = hot.rows_of(ids)
    sealed = rows.filter(pc.less(hot.watermarks(rows), pa.scalar(snapshot.watermark, pa.int64())))
    superseded, numbers = as_table(ids), np.array(ids, np.int64)
    old = Changes(_NEVER, superseded=superseded)
    files = [file for file in snapshot.files if file.may_hold(numbers)]
    days = {
        *find_days(lake, engine, old, files),
        *pc.unique(sealed.column("timestamp").cast(pa.date32())).to_pylist(),
    }
    now, merges = clock.now(), lakes.merges()
    rewrite_each(lake, engine, days, Changes(now, merges, changed=sealed, superseded=superseded))
    with unnoted():
        EventChange.objects.filter(id__in=list(notes)).delete()
        UserEvent.objects.filter(id__in=ids, is_archived=True).update(is_archived=False, archived_at=None)
    logger.info("changes merged: %d rows in %d days", len(ids), len(days))
    return len(ids)
