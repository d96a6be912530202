"""PostHog's capture protocol, v0: `/batch`, `/e`, `/capture`, `/track`, `/engage`, `/i/v0/e`, `/s`.

Bodies: an array, `{token|api_key, batch}`, or one bare event. Source: PostHog `rust/capture`, the SDKs
posthog-python 7.91, posthog-node 5.70, posthog-js 1.449.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics.ingestion.dialects.envelope import (
    Envelope,
    Wire,
    as_list,
    as_object,
    as_properties,
    one_token,
    refuse_recording,
)
from analytics.ingestion.event import Arrival, Event
from analytics.ingestion.timestamps import parse_time


def read(wire: Wire) -> Envelope:
    """The envelope of a capture request.

    Errors: `MalformedBody`, `NotAuthenticated`.
    """
    data = wire.data
    outer: dict[str, Any] = data if isinstance(data, dict) else {}
    is_single = False
    if isinstance(data, list):
        items = data
    elif "batch" in outer:
        items = as_list(outer["batch"], "batch")
    elif isinstance(outer.get("data"), list):
        items = outer["data"]
    else:
        items, is_single = [data], True
    if wire.path.strip("/") == "engage":
        items = [{"event": "$identify", **item} if isinstance(item, dict) else item for item in items]
    return Envelope(
        token=_token(outer, items, wire),
        items=items,
        sent_at=_sent_at(outer, wire),
        is_historical=outer.get("historical_migration") is True,
        is_single=is_single,
    )


def _token(outer: dict[str, Any], items: list[Any], wire: Wire) -> str:
    """The body's key beats the events' own, which beat their properties'."""
    events = [item for item in items if isinstance(item, dict)]
    levels: tuple[list[Any], ...] = (
        [outer.get("api_key") or outer.get("token")],
        [e.get("api_key") or e.get("token") or e.get("$token") for e in events],
        [p.get("token") for e in events if isinstance(p := e.get("properties"), dict)],
        [wire.query.get("token") or wire.query.get("api_key")],
    )
    for level in levels:
        if any(level):
            return one_token(level)
    return one_token([])


def _sent_at(outer: dict[str, Any], wire: Wire) -> datetime | None:
    return parse_time(outer.get("sent_at")) or parse_time(wire.query.get("sent_at") or wire.query.get("_"))


def to_event(item: object, arrival: Arrival, index: int) -> Event:
    """One capture item as an event.

    Errors: `Rejected` where it is no object, or a session recording, which this product does not keep.
    """
    raw = as_object(item)
    properties = as_properties(raw.get("properties"))
    refuse_recording(raw.get("event"))
    _merge_top_level(raw, properties)
    distinct_id = raw.get("distinct_id")
    if distinct_id is None:
        distinct_id = raw.get("$distinct_id", properties.get("distinct_id"))
    return Event(
        arrival=arrival,
        index=index,
        given_name=raw.get("event"),
        given_distinct_id=distinct_id,
        given_uuid=raw.get("uuid") or properties.pop("$insert_uuid", None),
        given_timestamp=raw.get("timestamp"),
        given_offset_ms=raw.get("offset"),
        properties=properties,
    )


def _merge_top_level(raw: dict[str, Any], properties: dict[str, Any]) -> None:
    """`$set`, `$set_once` and `$unset` arrive at the top or inside properties; the top wins."""
    for name in ("$set", "$set_once"):
        outer = raw.get(name)
        if isinstance(outer, dict):
            inner = properties.get(name)
            properties[name] = {**(inner if isinstance(inner, dict) else {}), **outer}
    if isinstance(raw.get("$unset"), list):
        properties["$unset"] = raw["$unset"]
