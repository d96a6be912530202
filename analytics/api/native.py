"""The native track call as an event, through the same pipeline and writer as every SDK."""

from __future__ import annotations

from analytics import clock, conf, host
from analytics.api.auth import Caller
from analytics.api.shapes import TrackAnswer, TrackRequest
from analytics.errors import BadInput
from analytics.ingestion import pipeline
from analytics.ingestion.event import Arrival, Event
from analytics.ingestion.writer import writer
from analytics.models.choices import Outcome, Source


def track(caller: Caller, body: TrackRequest) -> TrackAnswer:
    """Store one event: the caller's own by JWT, anybody's by ingest key.

    **Errors**: `BadInput` for a refused event, `Unavailable`.
    """
    batch = pipeline.run(_arrival(caller), [_event(caller, body)])
    result = writer.store(batch)[0]
    if result.outcome not in (Outcome.STORED, Outcome.DUPLICATE):
        raise BadInput(result.detail, code=result.reason)
    return TrackAnswer(uuid=result.uuid, outcome=result.outcome)


def _arrival(caller: Caller) -> Arrival:
    return Arrival(
        received_at=clock.now(),
        source=Source.API.value,
        ingest_key=caller.ingest_key or "api",
        ip=caller.ip,
        user_agent=caller.user_agent,
        user_id=caller.user.pk if caller.user is not None else None,
        retention_days=conf.get().retention_days,
    )


def _event(caller: Caller, body: TrackRequest) -> Event:
    if caller.user is not None:
        distinct_id: str | None = host.get().distinct_id(caller.user)
    else:
        distinct_id = body.distinct_id or body.anonymous_id
    properties = dict(body.metadata)
    for name in ("revenue_impact", "conversion_value"):
        if (amount := getattr(body, name)) is not None:
            properties[name] = str(amount)
    return Event(
        arrival=_arrival(caller),
        given_name=body.event_name,
        given_distinct_id=distinct_id,
        given_uuid=body.uuid,
        given_timestamp=body.timestamp.isoformat() if body.timestamp else None,
        properties=properties,
        event_type=body.event_type,
        action=body.action,
        session_id=body.session_id,
        page_url=body.page_url,
        anonymous_id=body.anonymous_id or "",
    )
