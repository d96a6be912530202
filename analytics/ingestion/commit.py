"""One transaction for the events of one or many requests: the only place where events become rows.

Stored rows, duplicates, refusals, ledger and receipts are written together or not at all, so the ledger's
identity holds after a kill at any moment. An event that the database refuses, or on which the code breaks, is found
by halving and goes to the quarantine; its neighbours are stored.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.dispatch import Signal

from analytics import clock
from analytics.errors import Unavailable
from analytics.ingestion import identity
from analytics.ingestion.event import Arrival, Batch, Event, Reason, Refusal, Result
from analytics.ingestion.pipeline import body_of
from analytics.ingestion.rows import to_row
from analytics.models import Receipt, RejectedEvent
from analytics.models.choices import Outcome
from analytics.store import erasure, ledger, locks
from analytics.store import events as event_store

logger = logging.getLogger("analytics.ingestion")

#: After the commit, for those who watch: `event_types` holds how many events of each type were stored.
events_stored = Signal()

_MAX_TRIES = 4
_LOCK_WAIT_MS = 2000
_LOCK_NOT_AVAILABLE = "55P03"
_PASSING = ("40P01", "40001")  # deadlock and serialisation failure: the next try may well succeed
#: SQLite refuses at once where another writer came between a read and a write; it is through in a moment.
_SQLITE_LOCKED = "database is locked"
_SQLITE_WAIT_S = 0.05


def commit(batches: Sequence[Batch], *, limit_lock_wait: bool = True) -> list[list[Result]]:
    """Store the batches; one list of results for each batch, events in the order received.

    **Errors**: `Unavailable` when the database is away or busy; then nothing of these batches is stored.
    """
    cause = Reason.DATABASE_REFUSED
    for attempt in range(_MAX_TRIES):
        try:
            return _in_transaction(batches, limit_lock_wait)
        except (DataError, IntegrityError) as error:
            # A duplicate that came in between shows at the next look; what stays is a poisoned row.
            if attempt and (isinstance(error, DataError) or attempt > 1):
                break
        except OperationalError as error:
            if _sqlstate(error) == _LOCK_NOT_AVAILABLE and len(batches) > 1:
                break  # one of them waits for a slow transaction; the others need not
            if attempt == _MAX_TRIES - 1 or not _is_passing(error):
                raise Unavailable("events cannot be stored right now; send again") from error
        except (InterfaceError, DatabaseError) as error:
            raise Unavailable("events cannot be stored right now; send again") from error
        except Exception:
            # Sent again it would break again, and with it every commit that it shares.
            logger.exception("storing broke on an event that nobody foresaw")
            cause = Reason.STEP_FAILED
            break
    return _by_halves(batches, cause, limit_lock_wait)


def _sqlstate(error: OperationalError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _is_passing(error: OperationalError) -> bool:
    """Whether the next try may well succeed; outside of a transaction of the caller's, which would be lost already."""
    if connection.vendor == "sqlite" and _SQLITE_LOCKED in str(error) and not connection.in_atomic_block:
        time.sleep(_SQLITE_WAIT_S)
        return True
    return _sqlstate(error) in _PASSING


def _by_halves(batches: Sequence[Batch], cause: Reason, limit_lock_wait: bool) -> list[list[Result]]:
    """Split until the event that cannot be stored stands alone, and put it into quarantine."""
    if len(batches) > 1:
        middle = len(batches) // 2
        return commit(batches[:middle], limit_lock_wait=limit_lock_wait) + commit(
            batches[middle:], limit_lock_wait=limit_lock_wait
        )
    batch = batches[0]
    if len(batch.events) > 1:
        middle = len(batch.events) // 2
        pivot = batch.events[middle].index
        earlier = [refusal for refusal in batch.refusals if refusal.index < pivot]
        later = [refusal for refusal in batch.refusals if refusal.index >= pivot]
        first = Batch(batch.arrival, batch.events[:middle], earlier)
        second = Batch(batch.arrival, batch.events[middle:], later)
        results = commit([first], limit_lock_wait=limit_lock_wait)[0]
        return [results + commit([second], limit_lock_wait=limit_lock_wait)[0]]
    poisoned = batch.events.pop() if batch.events else None
    if poisoned is None:
        raise Unavailable("the record of refused events cannot be stored right now; send again")
    logger.warning("an event cannot be stored and is in quarantine: %s (%s)", poisoned.uuid, cause)
    batch.refusals.append(
        Refusal(
            uuid=poisoned.uuid or UUID(int=0),
            reason=cause,
            detail="this event cannot be stored; it is kept in quarantine",
            body=body_of(poisoned),
            index=poisoned.index,
        )
    )
    return commit([batch], limit_lock_wait=limit_lock_wait)


def _in_transaction(batches: Sequence[Batch], limit_lock_wait: bool) -> list[list[Result]]:
    with transaction.atomic():
        if limit_lock_wait:
            locks.limit_lock_wait(_LOCK_WAIT_MS)
        _refuse_erased(batches)
        fresh, duplicates = _fresh([event for batch in batches for event in batch.events])
        identity.resolve(fresh)
        stored_at = clock.now()
        event_store.insert_rows(to_row(event, stored_at) for event in fresh)
        _keep_records(batches, fresh, duplicates)
        if fresh:
            told = partial(events_stored.send, None, event_types=Counter(e.event_type for e in fresh))
            transaction.on_commit(told, robust=True)
    fresh_ids = {id(event) for event in fresh}
    return [_results(batch, fresh_ids) for batch in batches]


def _refuse_erased(batches: Sequence[Batch]) -> None:
    """Refuse what arrives under an id that was erased; nothing of it is kept but the count."""
    erased = erasure.erased_among(
        {id_ for batch in batches for event in batch.events for id_ in _ids_of(event)}
    )
    if not erased:
        return
    for batch in batches:
        for event in [event for event in batch.events if not erased.isdisjoint(_ids_of(event))]:
            batch.events.remove(event)
            detail = "this person was erased; use another distinct id if they have come back"
            refusal = Refusal(event.uuid or UUID(int=0), Reason.ERASED_PERSON, detail, b"", event.index)
            batch.refusals.append(refusal)


def _ids_of(event: Event) -> set[str]:
    if event.is_group_only:
        return set()
    merge_from = event.person_change.merge_from if event.person_change is not None else ""
    return {event.distinct_id, merge_from} if merge_from else {event.distinct_id}


def _fresh(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Events to store, and those whose uuid is stored already or came earlier in this commit."""
    seen: set[UUID | None] = set(event_store.known_uuids([e.uuid for e in events if e.uuid]))
    fresh: list[Event] = []
    duplicates: list[Event] = []
    for event in events:
        (duplicates if event.uuid in seen else fresh).append(event)
        seen.add(event.uuid)
    return fresh, duplicates


def _keep_records(batches: Sequence[Batch], fresh: Sequence[Event], duplicates: Sequence[Event]) -> None:
    """Ledger, receipts and quarantine of one commit."""
    counts: Counter[ledger.LedgerKey] = Counter()
    counts.update((e.arrival.ingest_key, Outcome.STORED.value, "") for e in fresh)
    counts.update((e.arrival.ingest_key, Outcome.DUPLICATE.value, "") for e in duplicates)
    receipts = [_receipt(e, Outcome.STORED) for e in fresh if e.warnings]
    receipts += [_receipt(e, Outcome.DUPLICATE) for e in duplicates]
    rejected = []
    for batch in batches:
        for refusal in batch.refusals:
            counts[(batch.arrival.ingest_key, outcome_of(refusal), _ledger_reason(refusal))] += 1
            if refusal.reason != Reason.DO_NOT_TRACK:  # counted, and nothing else is kept of it
                rejected.append(_rejected(batch.arrival, refusal))
    if counts:
        ledger.add(counts, batches[0].arrival.received_at)
    if receipts:
        ledger.keep_receipts(receipts)
    if rejected:
        ledger.keep_rejected(rejected)


def outcome_of(refusal: Refusal) -> str:
    """`quarantined` for what the database or a step broke on, `rejected` for what a step refused."""
    poisoned = refusal.reason in (Reason.DATABASE_REFUSED, Reason.STEP_FAILED)
    return (Outcome.QUARANTINED if poisoned else Outcome.REJECTED).value


def _ledger_reason(refusal: Refusal) -> str:
    return str(refusal.reason)


def _receipt(event: Event, outcome: Outcome) -> Receipt:
    assert event.uuid is not None
    return Receipt(
        uuid=event.uuid,
        outcome=outcome,
        warnings=event.warnings,
        received_at=event.arrival.received_at,
    )


def _rejected(arrival: Arrival, refusal: Refusal) -> RejectedEvent:
    return RejectedEvent(
        uuid=refusal.uuid,
        outcome=outcome_of(refusal),
        reason=str(refusal.reason),
        detail=refusal.detail,
        body=refusal.body,
        dialect=arrival.dialect,
        ingest_key=arrival.ingest_key,
        received_at=arrival.received_at,
    )


def _results(batch: Batch, fresh_ids: set[int]) -> list[Result]:
    """Results in the order in which the request named its events."""
    ordered: list[tuple[int, Result]] = []
    for event in batch.events:
        outcome = Outcome.STORED if id(event) in fresh_ids else Outcome.DUPLICATE
        assert event.uuid is not None
        ordered.append((event.index, Result(event.uuid, outcome.value)))
    for refusal in batch.refusals:
        result = Result(refusal.uuid, outcome_of(refusal), str(refusal.reason), refusal.detail)
        ordered.append((refusal.index, result))
    ordered.sort(key=lambda pair: pair[0])
    return [result for _, result in ordered]
