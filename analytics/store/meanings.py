"""What was found out about events, written in sets: one statement for any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from analytics.models import UserEvent

_TABLE = UserEvent._meta.db_table

# Only rows that really change are touched: a changed row has to travel into the lake once more.
_UPDATE = f"""
UPDATE {_TABLE} e
SET sentiment_score = coalesce(w.sentiment_score, e.sentiment_score),
    intent_classification = coalesce(nullif(w.intent, ''), e.intent_classification),
    engagement_level = coalesce(nullif(w.level, ''), e.engagement_level),
    updated_at = now()
FROM unnest(%s::bigint[], %s::float8[], %s::text[], %s::text[]) AS w (id, sentiment_score, intent, level)
WHERE e.id = w.id
"""  # noqa: S608


@dataclass(frozen=True)
class Meaning:
    """What is new about one event; None and "" leave what is there."""

    event_id: int
    sentiment_score: float | None = None
    intent: str = ""
    level: str = ""


def put_meanings(meanings: Sequence[Meaning]) -> int:
    """Write them; the number of rows that changed."""
    if not meanings:
        return 0
    if connection.vendor != "postgresql":
        return _put_by_orm(meanings)
    columns = (
        [meaning.event_id for meaning in meanings],
        [meaning.sentiment_score for meaning in meanings],
        [meaning.intent for meaning in meanings],
        [meaning.level for meaning in meanings],
    )
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, columns)
        return int(cursor.rowcount)


def _put_by_orm(meanings: Sequence[Meaning]) -> int:
    rows = UserEvent.objects.in_bulk([meaning.event_id for meaning in meanings])
    for meaning in meanings:
        row = rows.get(meaning.event_id)
        if row is None:
            continue
        if meaning.sentiment_score is not None:
            row.sentiment_score = meaning.sentiment_score
        row.intent_classification = meaning.intent or row.intent_classification
        row.engagement_level = meaning.level or row.engagement_level
    fields = ["sentiment_score", "intent_classification", "engagement_level"]
    return UserEvent.objects.bulk_update(rows.values(), fields, batch_size=500)
