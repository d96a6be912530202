"""Writing event rows: which uuids are known already, and many rows in one COPY.

PostgreSQL takes a COPY straight into the table; other databases take `bulk_create`. Rows are tuples in the order
of `COLUMNS`; what an event means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from analytics.models import ArchivedEvent, UserEvent

COLUMNS: tuple[str, ...] = (
    "uuid",
    "created_at",
    "updated_at",
    "source",
    "parent_uuid",
    "lineage_depth",
    "retention_days",
    "is_archived",
    "archived_at",
    "user_id",
    "session_id",
    "anonymous_id",
    "distinct_id",
    "person_id",
    "ingest_key",
    "event_type",
    "event_name",
    "page_url",
    "page_path",
    "action",
    "timestamp",
    "client_timestamp",
    "sent_at",
    "received_at",
    "metadata",
    "user_agent",
    "ip_address",
    "referrer",
    "response_time_ms",
    "status_code",
    "device_type",
    "browser",
    "os",
    "sentiment_score",
    "intent_classification",
    "engagement_level",
    "revenue_impact",
    "conversion_value",
)
_METADATA = COLUMNS.index("metadata")

Row = tuple[Any, ...]

_COPY = "COPY {} ({}) FROM STDIN".format(UserEvent._meta.db_table, ", ".join(f'"{name}"' for name in COLUMNS))
_KNOWN = f"""
SELECT uuid, received_at FROM {UserEvent._meta.db_table} WHERE uuid = ANY(%(uuids)s)
UNION ALL
SELECT uuid, received_at FROM {ArchivedEvent._meta.db_table} WHERE uuid = ANY(%(uuids)s)
"""  # noqa: S608


def known_uuids(uuids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Those of `uuids` that are stored already, here or in the lake alone, with when they were received."""
    if not uuids:
        return {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN, {"uuids": list(uuids)})
            return dict(cursor.fetchall())
    stored = UserEvent.objects.filter(uuid__in=uuids).values_list("uuid", "received_at")
    archived = ArchivedEvent.objects.filter(uuid__in=uuids).values_list("uuid", "received_at")
    return dict([*stored, *archived])


def insert_rows(rows: Iterable[Row]) -> None:
    """Insert rows, all or none. `metadata` is JSON text.

    Errors: `IntegrityError` for a uuid that is there already, `DataError` for a value that a column refuses.
    """
    if connection.vendor != "postgresql":
        UserEvent.objects.bulk_create([_instance(row) for row in rows], batch_size=500)
        return
    # A COPY ends outside of Django's cursor wrapper, so its errors are translated here.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(row)


def _instance(row: Row) -> UserEvent:
    values = dict(zip(COLUMNS, row, strict=True))
    values["metadata"] = orjson.loads(row[_METADATA])
    return UserEvent(**values)
