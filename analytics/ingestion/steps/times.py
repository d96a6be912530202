"""Step that settles when the event happened."""

from __future__ import annotations

from analytics.ingestion.event import Event
from analytics.ingestion.timestamps import corrected


def put_timestamp(event: Event) -> None:
    """`timestamp` corrected for the client's clock; the client's own words stay beside it."""
    arrival = event.arrival
    given = event.given_timestamp
    if given is not None:
        event.client_timestamp = str(given)[:64].replace("\x00", "")
    event.timestamp = corrected(
        given,
        received_at=arrival.received_at,
        sent_at=arrival.sent_at,
        offset_ms=event.given_offset_ms,
        ignore_skew=arrival.is_historical or event.properties.get("$ignore_sent_at") is True,
    )
