"""Steps that refuse an event without a name, an id or usable properties, and give it its uuid."""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from analytics.ingestion.event import Event, Reason, Rejected

# Namespace of uuids derived from a client's own message id or from the bytes of its request.
DERIVED = uuid.UUID("8f3c2b1e-51c5-4d38-9a52-0c5b0a7f4e11")


def put_uuid(event: Event) -> None:
    """The client's uuid; else one derived so that the same bytes sent again give the same uuid.

    A request that names no time at all may rightly be sent twice (two clicks, two curls), so there each
    arrival is an event of its own.
    """
    given = event.given_uuid
    if isinstance(given, uuid.UUID):
        event.uuid = given
    elif given is None or given == "":
        event.uuid = _derived(event)
    else:
        try:
            event.uuid = uuid.UUID(given)
        except (ValueError, AttributeError, TypeError):
            raise Rejected(Reason.INVALID_UUID, "`uuid` is not a UUID; leave it out or send one") from None


def _derived(event: Event) -> uuid.UUID:
    arrival = event.arrival
    names_a_time = event.given_timestamp is not None or arrival.sent_at is not None
    if not names_a_time or not arrival.body_digest:
        return uuid.uuid4()
    seed = arrival.ingest_key.encode() + arrival.body_digest + event.index.to_bytes(4, "big")
    return uuid.uuid5(DERIVED, seed.hex())


def validate_properties(event: Event) -> None:
    """Properties are an object; nothing at all counts as an empty one."""
    given: Any = event.properties  # a dialect passes on what the client sent
    if given is None:
        event.properties = {}
    elif not isinstance(given, dict):
        raise Rejected(Reason.INVALID_PROPERTIES, "`properties` must be a JSON object")


def validate_name(event: Event) -> None:
    """An event has a name."""
    name = event.given_name
    if not isinstance(name, str) or not name.strip():
        raise Rejected(Reason.MISSING_EVENT_NAME, "`event` must be a non-empty text")
    event.event_name = name.strip()


def validate_distinct_id(event: Event) -> None:
    """An event belongs to somebody; any JSON value but null or empty text serves as the id."""
    given = event.given_distinct_id
    text = given.strip() if isinstance(given, str) else _as_text(given)
    if not text:
        raise Rejected(
            Reason.MISSING_DISTINCT_ID, "`distinct_id` is missing; send the id of the person or device"
        )
    event.distinct_id = text


def _as_text(given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, bool | int | float):
        return str(given).lower() if isinstance(given, bool) else str(given)
    try:
        return orjson.dumps(given).decode()
    except TypeError:  # nested without end, or not storable: no id
        return ""
