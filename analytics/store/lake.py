"""The deployment's lake, and one consistent source of hot and cold rows for an analysis.

Order matters: the lake's snapshot first, then the rows at or above its watermark. A row that is sealed in between is
still in the database, so it is read once, from there. The lake's libraries are imported at first use: they weigh
a hundred megabytes, and a process that only takes events in never needs them.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from analytics import clock, conf
from analytics.models import Person

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.engine import Engine
    from eventlake.source import Source
    from eventlake.table import Lake


def lake() -> Lake:
    """The lake at `ANALYTICS_LAKE_URI`."""
    given = conf.get()
    uri = given.lake_uri or str(Path(settings.BASE_DIR) / ".loopin" / "lake")
    return _lake(uri, tuple(sorted(given.lake_storage_options.items())), str(given.zone))


@cache
def _lake(uri: str, storage_options: tuple[tuple[str, str], ...], zone: str) -> Lake:
    from eventlake.table import Lake

    return Lake(uri, dict(storage_options) or None, zone)


def engine() -> Engine:
    """The process's engine for that lake."""
    return _engine(lake().uri)


@cache
def _engine(root: str) -> Engine:
    from eventlake.engine import Engine

    return Engine(root)


def source(from_at: datetime, to_at: datetime) -> Source:
    """Everything that an analysis of [from_at, to_at) reads, fresh to the last commit."""
    from analytics.store import hot
    from eventlake.source import Source

    snapshot = lake().snapshot()
    fresh_to = clock.now()
    return Source(
        snapshot=snapshot,
        hot=hot.rows_from(snapshot.watermark, from_at=from_at, to_at=to_at),
        fresh_to=fresh_to,
        merges=merges(),
    )


def merges() -> pa.Table:
    """Columns person_id, root_id: what every merged node counts as now."""
    import pyarrow as pa

    moved = Person.objects.exclude(merged_into=None).values_list("id", "merged_into_id")
    ids, roots = zip(*rows, strict=True) if (rows := list(moved)) else ((), ())
    return pa.table({"person_id": pa.array(ids, pa.int64()), "root_id": pa.array(roots, pa.int64())})


def is_sealed(insert_xid: int, row_id: int) -> bool:
    """Whether a stored row is in the lake already."""
    from analytics.store.hot import watermark_of

    return watermark_of(insert_xid, row_id) < lake().snapshot().watermark
