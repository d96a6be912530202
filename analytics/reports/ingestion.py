"""What became of one event, and of all of them: receipts and the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID

from analytics import conf
from analytics.errors import BadInput, NotFound
from analytics.models import ArchivedEvent, Receipt, RejectedEvent, UserEvent
from analytics.models.choices import Outcome
from analytics.store import forwarded, lake
from analytics.store import ledger as ledger_store


@dataclass(frozen=True)
class EventReceipt:
    """What became of one event. `sealed`: it is in the lake; `forwarded_at`: when a sink took it."""

    uuid: UUID
    outcome: str
    reason: str | None
    received_at: datetime | None
    stored_at: datetime | None
    sealed: bool
    forwarded_at: datetime | None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ledger:
    """Counts of events; `received` is the sum of all others."""

    received: int
    stored: int
    duplicate: int
    quarantined: int
    rejected: dict[str, int]


def receipt(uuid: UUID, only_user: int | None = None, only_key: str = "") -> EventReceipt:
    """The receipt of an event; with `only_user` or `only_key` just of that user's or key's events.

    **Errors**: `NotFound`, also for somebody else's event.
    """
    event = UserEvent.objects.filter(uuid=uuid).first()
    if event is not None:
        _check_owner(event, only_user, only_key)
        kept = Receipt.objects.filter(uuid=uuid, outcome=Outcome.STORED).first()
        return EventReceipt(
            uuid=uuid,
            outcome=Outcome.STORED.value,
            reason=None,
            received_at=event.received_at,
            stored_at=event.created_at,
            sealed=lake.is_sealed(event.insert_xid, event.pk),
            forwarded_at=forwarded.forwarded_at(event),
            warnings=kept.warnings if kept is not None else [],
        )
    archived = ArchivedEvent.objects.filter(uuid=uuid).first()
    if archived is not None:
        _check_owner(archived, only_user, only_key)
        return EventReceipt(
            uuid=uuid,
            outcome=Outcome.STORED.value,
            reason=None,
            received_at=archived.received_at,
            stored_at=archived.created_at,
            sealed=True,
            forwarded_at=forwarded.forwarded_at(archived),
        )
    refused = RejectedEvent.objects.filter(uuid=uuid).order_by("-received_at").first()
    if refused is None or only_user is not None or (only_key and refused.ingest_key != only_key):
        raise NotFound(f"there is no event {uuid}")
    return EventReceipt(
        uuid=uuid,
        outcome=Outcome.REJECTED.value,
        reason=refused.reason,
        received_at=refused.received_at,
        stored_at=None,
        sealed=False,
        forwarded_at=None,
    )


def _check_owner(event: UserEvent | ArchivedEvent, only_user: int | None, only_key: str) -> None:
    is_theirs = only_user is None or event.user_id == only_user
    if not is_theirs or (only_key and event.ingest_key != only_key):
        raise NotFound(f"there is no event {event.uuid}")


def ledger(date_from: date | datetime | None = None, date_to: date | datetime | None = None) -> Ledger:
    """The ledger over [date_from, date_to), by hour of arrival; dates in the deployment's zone."""
    totals = ledger_store.totals(_instant(date_from), _instant(date_to))
    rejected: dict[str, int] = {}
    by_outcome = dict.fromkeys(Outcome.values, 0)
    for (outcome, reason), count in totals.items():
        by_outcome[outcome] += count
        if outcome == Outcome.REJECTED:
            rejected[reason] = rejected.get(reason, 0) + count
    return Ledger(
        received=sum(by_outcome.values()),
        stored=by_outcome[Outcome.STORED],
        duplicate=by_outcome[Outcome.DUPLICATE],
        quarantined=by_outcome[Outcome.QUARANTINED],
        rejected=rejected,
    )


def _instant(given: date | datetime | None) -> datetime | None:
    if given is None:
        return None
    if not isinstance(given, datetime):
        given = datetime.combine(given, time(), conf.get().zone)
    aware = given if given.tzinfo else given.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)  # PostgreSQL takes no offset beyond sixteen hours
    except OverflowError as error:
        raise BadInput("date_from and date_to lie in the years 1 to 9999", code="bad_range") from error
