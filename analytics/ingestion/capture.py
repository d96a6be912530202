"""Recording events from Python: `track()` for business code, `observe()` for what merely passes by.

`track()` writes in the caller's transaction, so an event is there exactly if the write that it describes is.
`observe()` only queues: a request must not wait for its own statistics.
"""

from __future__ import annotations

import logging
import uuid as uuids
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError
from django.http import HttpRequest

from analytics import clock, conf, host
from analytics.errors import BadInput, Unavailable
from analytics.ingestion import pipeline
from analytics.ingestion.commit import commit
from analytics.ingestion.event import Arrival, Batch, Event
from analytics.ingestion.visitor import visitor_of
from analytics.ingestion.wishes import may_track
from analytics.ingestion.writer import writer
from analytics.models.choices import Source

logger = logging.getLogger("analytics.ingestion")

LABEL = "django"  # the ingest key label of events that the host itself records


def track(  # noqa: PLR0913  (the signature is the API: all but the name are optional keywords)
    event_name: str,
    *,
    user: AbstractBaseUser | None = None,
    distinct_id: str | None = None,
    event_type: str = "",
    action: str = "",
    metadata: dict[str, Any] | None = None,
    session_id: str = "",
    page_url: str = "",
    timestamp: datetime | None = None,
    uuid: uuids.UUID | None = None,
    revenue_impact: Decimal | float | str | None = None,
    conversion_value: Decimal | float | str | None = None,
    request: HttpRequest | None = None,
    source: str = Source.MANUAL.value,
) -> uuids.UUID:
    """Store an event in the present transaction and return its uuid.

    The event belongs to `user`, else `distinct_id`, else the visitor of `request`. Inside `transaction.atomic()` it
    commits or rolls back with everything else. A failure of analytics itself is logged and rolled back to a
    savepoint; it never breaks the caller. With a `request` whose visitor may not be tracked (Do Not Track, Global
    Privacy Control, `ANALYTICS_CONSENT`) nothing is stored, and the uuid names no event.

    **Errors**: `BadInput` for an event that no one could store: no name, nobody it belongs to.

    Example (inside a view)::

        with transaction.atomic():
            order.save()
            track("order_placed", user=request.user, revenue_impact=order.total)
    """
    properties = dict(metadata or {})
    for name, amount in (("revenue_impact", revenue_impact), ("conversion_value", conversion_value)):
        if amount is not None:
            properties[name] = str(amount) if isinstance(amount, Decimal) else amount
    event = Event(
        arrival=_arrival(source, user=user, request=request),
        given_name=event_name,
        given_uuid=uuid,
        given_timestamp=timestamp,
        properties=properties,
        event_type=event_type,
        action=action,
        session_id=session_id,
        page_url=page_url,
    )
    event.given_distinct_id = _distinct_id(user, distinct_id, request, event)
    batch = _checked(event)
    if conf.get().enabled and (request is None or may_track(request)):
        _store(batch)
    assert event.uuid is not None
    return event.uuid


def observe(event: Event) -> None:
    """Queue an event that a middleware or signal saw; never waits, never raises."""
    try:
        batch = pipeline.run(event.arrival, [event])
        if batch.size:
            writer.offer(batch)
    except Exception:
        logger.exception("an observed event was lost")


def _arrival(source: str, *, user: AbstractBaseUser | None, request: HttpRequest | None) -> Arrival:
    arrival = Arrival(
        received_at=clock.now(),
        source=source,
        ingest_key=LABEL,
        retention_days=conf.get().retention_days,
        user_id=user.pk if user is not None and user.is_authenticated else None,
    )
    if request is not None:
        visitor = visitor_of(request)
        arrival.ip, arrival.user_agent = visitor.ip, visitor.user_agent
        arrival.user_id = arrival.user_id or visitor.user_id
    return arrival


def _distinct_id(
    user: AbstractBaseUser | None,
    distinct_id: str | None,
    request: HttpRequest | None,
    event: Event,
) -> str | None:
    if request is not None:
        visitor = visitor_of(request)
        event.session_id = event.session_id or visitor.session_id
        event.anonymous_id = visitor.anonymous_id
        distinct_id = distinct_id or visitor.distinct_id
    if user is not None and user.is_authenticated:
        return host.get().distinct_id(user)
    return distinct_id


def _checked(event: Event) -> Batch:
    batch = pipeline.run(event.arrival, [event])
    if batch.refusals:
        refusal = batch.refusals[0]
        raise BadInput(refusal.detail, code=str(refusal.reason))
    return batch


def _store(batch: Batch) -> None:
    try:
        commit([batch], limit_lock_wait=False)
    except (Unavailable, DatabaseError):
        logger.exception("track() could not store an event")
