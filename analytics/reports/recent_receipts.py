"""What happened to the last events that arrived: stored ones, duplicates and refused ones in one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from analytics.models import Receipt, RejectedEvent, SinkState, UserEvent
from analytics.models.choices import Outcome
from analytics.reports.answering import answering
from analytics.store import forwarded, hot, lake


@dataclass(frozen=True)
class ReceiptLine:
    """One event that arrived, with the values of its receipt."""

    uuid: UUID
    outcome: str
    reason: str
    event_name: str
    ingest_key: str
    received_at: datetime
    stored_at: datetime | None = None
    is_sealed: bool = False
    forwarded_at: datetime | None = None
    is_replayed: bool = False
    warnings: list[str] = field(default_factory=list)


def recent(limit: int = 100) -> list[ReceiptLine]:
    """The newest of all three, newest first. **Errors**: `Unavailable` when the lake cannot be read."""
    lines = [*_stored(limit), *_duplicates(limit), *_refused(limit)]
    return sorted(lines, key=lambda line: line.received_at, reverse=True)[:limit]


def _stored(limit: int) -> Iterable[ReceiptLine]:
    rows = list(UserEvent.objects.order_by("-id")[:limit])
    with answering():
        watermark = lake.lake().snapshot().watermark
    kept = Receipt.objects.filter(uuid__in=[row.uuid for row in rows], outcome=Outcome.STORED)
    warnings = dict(kept.values_list("uuid", "warnings"))
    has_sinks = SinkState.objects.exclude(cluster=0).exists()
    for row in rows:
        noted = warnings.get(row.uuid, [])
        yield ReceiptLine(
            uuid=row.uuid,
            outcome=Outcome.STORED.value,
            reason="",
            event_name=row.event_name,
            ingest_key=row.ingest_key,
            received_at=row.received_at,
            stored_at=row.created_at,
            is_sealed=hot.watermark_of(row.insert_xid, row.pk) < watermark,
            forwarded_at=forwarded.forwarded_at(row) if has_sinks else None,
            is_replayed="replayed" in noted,
            warnings=noted,
        )


def _duplicates(limit: int) -> Iterable[ReceiptLine]:
    rows = list(Receipt.objects.filter(outcome=Outcome.DUPLICATE).order_by("-received_at")[:limit])
    known = {event.uuid: event for event in _events([row.uuid for row in rows])}
    for row in rows:
        event = known.get(row.uuid)
        name, key = (event.event_name, event.ingest_key) if event else ("", "")
        yield ReceiptLine(
            row.uuid, row.outcome, row.reason, name, key, row.received_at, warnings=row.warnings
        )


def _events(uuids: list[UUID]) -> QuerySet[UserEvent]:
    return UserEvent.objects.filter(uuid__in=uuids).only("uuid", "event_name", "ingest_key")


def _refused(limit: int) -> Iterable[ReceiptLine]:
    """Refused events that no replay has stored; those that one has are among the stored."""
    rows = RejectedEvent.objects.filter(replayed_at=None).order_by("-received_at").defer("body")[:limit]
    for row in rows:
        yield ReceiptLine(row.uuid, row.outcome, row.reason, "", row.ingest_key, row.received_at)
