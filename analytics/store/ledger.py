"""The ledger of what became of every received event, its receipts and its quarantine.

Rows are only inserted here, in the transaction of the events that they count; `fold` adds up old hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Sum

from analytics.models import LedgerEntry, Receipt, RejectedEvent
from analytics.models.choices import Outcome

LedgerKey = tuple[str, str, str]  # ingest key label, outcome, reason

_FOLD = f"""
WITH gone AS (
    DELETE FROM {LedgerEntry._meta.db_table}
    WHERE id IN (SELECT id FROM {LedgerEntry._meta.db_table} FOR UPDATE SKIP LOCKED)
    RETURNING hour, ingest_key, outcome, reason, count
)
INSERT INTO {LedgerEntry._meta.db_table} (hour, ingest_key, outcome, reason, count)
SELECT hour, ingest_key, outcome, reason, sum(count)
FROM gone
GROUP BY hour, ingest_key, outcome, reason
"""  # noqa: S608


def add(counts: Counter[LedgerKey], received_at: datetime) -> None:
    """Count events into the hour in which they were received."""
    hour = received_at.replace(minute=0, second=0, microsecond=0)
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(hour=hour, ingest_key=key, outcome=outcome, reason=reason, count=count)
            for (key, outcome, reason), count in counts.items()
            if count
        ]
    )


def keep_receipts(receipts: Iterable[Receipt]) -> None:
    """Keep receipts of what the stored rows alone do not tell."""
    Receipt.objects.bulk_create(receipts, batch_size=1000)


def keep_rejected(rejected: Iterable[RejectedEvent]) -> None:
    """Keep refused events with their bodies."""
    RejectedEvent.objects.bulk_create(rejected, batch_size=500)


def totals(start: datetime | None = None, end: datetime | None = None) -> dict[tuple[str, str], int]:
    """Events by (outcome, reason) whose hour of arrival lies in [start, end); all without bounds."""
    entries = LedgerEntry.objects.all()
    if start is not None:
        entries = entries.filter(hour__gte=start)
    if end is not None:
        entries = entries.filter(hour__lt=end)
    rows = entries.values_list("outcome", "reason").annotate(total=Sum("count"))
    return {(outcome, reason): total for outcome, reason, total in rows}


def fold() -> None:
    """Add up the entries of each hour into one row per key, outcome and reason; totals stay the same.

    Rows that another transaction is just folding are left to it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_FOLD)
        return
    grouped = LedgerEntry.objects.values("hour", "ingest_key", "outcome", "reason").annotate(
        total=Sum("count"), rows=Count("id")
    )
    for group in grouped.filter(rows__gt=1):
        key = {name: group[name] for name in ("hour", "ingest_key", "outcome", "reason")}
        LedgerEntry.objects.filter(**key).delete()
        LedgerEntry.objects.create(count=group["total"], **key)


def forget_receipts(before: datetime) -> int:
    """Delete receipts received before a time; the ledger's counts stay. Returns how many."""
    return Receipt.objects.filter(received_at__lt=before).delete()[0]


def stored_since(now: datetime, hours: int) -> int:
    """How many events were stored in the last so many whole hours of arrival."""
    counted = totals(start=now - timedelta(hours=hours))
    return sum(total for (outcome, _), total in counted.items() if outcome == Outcome.STORED)
