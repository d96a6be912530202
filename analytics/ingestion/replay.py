"""Sending refused events through the pipeline again, after what refused them was mended.

One row is one transaction: the event's new outcome, the ledger's move from the old one to it, and the mark on the row.
An event is stored once however often it is replayed, since its uuid stays, and a row that was stored is done. The hour
of arrival stays, so what was received does not change, and received = stored + duplicate + quarantined + rejected.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import transaction

from analytics import clock, conf
from analytics.errors import AnalyticsError, BadInput, Conflict, NotFound
from analytics.ingestion import pipeline
from analytics.ingestion.capture import LABEL
from analytics.ingestion.commit import commit, outcome_of
from analytics.ingestion.dialects import DIALECTS, posthog
from analytics.ingestion.event import Arrival, Event, Reason, Refusal, Rejected, Result
from analytics.models import RejectedEvent
from analytics.models.choices import Outcome, Source
from analytics.store import ledger, ledger_moves

logger = logging.getLogger("analytics.ingestion")

#: The keys of a body that the pipeline itself kept; see `pipeline.body_of`.
_KEPT_SHAPE = frozenset({"event", "distinct_id", "uuid", "timestamp", "properties"})
#: A receipt's warning: the event came in by a replay.
REPLAYED = "replayed"
NOT_REPLAYABLE = "not_replayable"
_FILE = "import"  # the dialect of rows of files
#: A page waits for one turn: it should not wait long.
TURN_S = 2.0
_AT_ONCE = 200


@dataclass(frozen=True)
class Turn:
    """What one turn did: rows by outcome, where the next turn goes on, and how many rows are left after it."""

    outcomes: Counter[str]
    last_id: int
    left: int


def replay(row_id: int) -> Result:
    """Send one refused event through the pipeline again; what became of it now.

    **Errors**: `NotFound`; `Conflict` for one that was stored by a replay already; `BadInput` with the reason for one
    whose body cannot be read any more; `Unavailable`, and nothing has changed then.
    """
    with transaction.atomic():
        row = RejectedEvent.objects.select_for_update().filter(pk=row_id).first()
        if row is None:
            raise NotFound("this refused event is not kept any more")
        if row.replayed_at is not None:
            raise Conflict("this event was replayed already", code="already_replayed")
        arrival = _arrival(row)
        candidate = _candidate(row, arrival)
        batch = pipeline.run(arrival, [candidate])
        for event in batch.events:
            event.warn(REPLAYED)
        if batch.events:
            result = commit([batch], limit_lock_wait=False)[0][0]
            _settle(row, result, is_counted=True)
        else:
            refusal = batch.refusals[0]
            result = Result(row.uuid, outcome_of(refusal), str(refusal.reason), refusal.detail)
            _settle(row, result, is_counted=False)
    return result


def replay_reason(reason: str, *, after_id: int = 0, turn_s: float = TURN_S) -> Turn:
    """Replay all events that were refused for a reason, one after another, for one turn at most.

    Begin again with `after_id` the turn's `last_id` until none is `left`. A row that was added meanwhile waits.
    """
    ends_s = time.monotonic() + turn_s
    outcomes: Counter[str] = Counter()
    last_id = after_id
    for row_id in _waiting(reason, after_id)[:_AT_ONCE]:
        outcomes[_outcome_of_try(row_id)] += 1
        last_id = row_id
        if time.monotonic() > ends_s:
            break
    left = RejectedEvent.objects.filter(reason=reason, replayed_at=None, pk__gt=last_id).count()
    return Turn(outcomes, last_id, left)


def obstacle_of(row: RejectedEvent) -> str:
    """Why a refused event cannot be replayed; empty when it can."""
    try:
        _item(row)
    except BadInput as error:
        return error.detail
    return ""


def _waiting(reason: str, after_id: int) -> Sequence[int]:
    rows = RejectedEvent.objects.filter(reason=reason, replayed_at=None, pk__gt=after_id)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])


def _outcome_of_try(row_id: int) -> str:
    try:
        return replay(row_id).outcome
    except (BadInput, NotFound, Conflict):
        return NOT_REPLAYABLE
    except AnalyticsError:
        logger.warning("refused event %d cannot be replayed now", row_id)
        raise


def _arrival(row: RejectedEvent) -> Arrival:
    """The arrival as far as it was kept: address and browser of the sender were not."""
    source = Source.BATCH_JOB if row.dialect == _FILE else Source.API
    return Arrival(
        received_at=row.received_at,
        source=(Source.MANUAL if row.ingest_key == LABEL else source).value,
        ingest_key=row.ingest_key,
        dialect=row.dialect,
        is_historical=row.dialect == _FILE,
        retention_days=conf.get().retention_days,
    )


def _candidate(row: RejectedEvent, arrival: Arrival) -> Event | Refusal:
    item = _item(row)
    is_kept_shape = isinstance(item, dict) and set(item) == _KEPT_SHAPE
    dialect = posthog if is_kept_shape else DIALECTS.get(row.dialect, posthog)
    try:
        event = dialect.to_event(item, arrival, 0)
    except Rejected as rejected:
        cause = rejected
    except Exception:
        cause = pipeline.failure()
    else:
        # One uuid however often it is replayed. A wrong one of the client's is refused again until the rule changes.
        event.given_uuid = event.given_uuid or row.uuid
        return event
    return Refusal(row.uuid, cause.reason, cause.detail, bytes(row.body))


def _item(row: RejectedEvent) -> Any:
    """What the client sent. **Errors**: `BadInput` where that is not kept."""
    body = bytes(row.body)
    if not body:
        raise BadInput("its body was not kept", code=NOT_REPLAYABLE)
    if len(body) >= pipeline.MAX_KEPT_BODY_BYTES:
        raise BadInput("only the beginning of its body was kept; it must be sent again", code=NOT_REPLAYABLE)
    try:
        item = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = "its body is not JSON; it must be sent again"
        raise BadInput(detail, code=NOT_REPLAYABLE) from error
    if row.dialect == _FILE and not (isinstance(item, dict) and set(item) == _KEPT_SHAPE):
        detail = (
            "it is a row of a file: mend the file and import it again; rows that are stored are passed over"
        )
        raise BadInput(detail, code=NOT_REPLAYABLE)
    return item


def _settle(row: RejectedEvent, result: Result, *, is_counted: bool) -> None:
    """Move the ledger's count and mark the row. `is_counted`: a commit has counted the new outcome already."""
    old = (row.ingest_key, row.outcome, row.reason)
    new = (row.ingest_key, result.outcome, result.reason)
    is_moved = is_counted or old != new
    if is_moved and ledger_moves.take_back(old, row.received_at) and not is_counted:
        ledger.add(Counter({new: 1}), row.received_at)
    if result.outcome in (Outcome.STORED, Outcome.DUPLICATE):
        row.uuid, row.replayed_at = result.uuid, clock.now()
        row.save(update_fields=["uuid", "replayed_at"])
        return
    if is_counted:  # the commit has kept the refusal as a row of its own; there is one row an event
        kept = RejectedEvent.objects.filter(uuid=result.uuid, pk__gt=row.pk).order_by("-pk").first()
        if kept is not None:
            kept.delete()
    row.outcome, row.reason, row.detail = result.outcome, result.reason, result.detail
    if result.reason == Reason.ERASED_PERSON:
        row.body = b""  # nothing is kept of somebody who was erased
    row.save(update_fields=["outcome", "reason", "detail", "body"])
