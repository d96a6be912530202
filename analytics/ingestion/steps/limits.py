"""Last steps: cut what is too long for its column, refuse what is too large altogether."""

from __future__ import annotations

import orjson

from analytics import conf
from analytics.ingestion.event import Event, Reason, Rejected
from analytics.ingestion.steps.clean import clean_properties

# Column widths of UserEvent; a test compares them with the model.
WIDTHS: tuple[tuple[str, int], ...] = (
    ("event_name", 200),
    ("distinct_id", 200),
    ("anonymous_id", 200),
    ("session_id", 200),
    ("action", 100),
    ("device_type", 20),
    ("browser", 50),
    ("os", 50),
    ("page_url", 8192),
    ("page_path", 2048),
    ("referrer", 8192),
)


def limit_lengths(event: Event) -> None:
    """Cut texts to their columns, with a warning on the receipt: never a failed batch."""
    for name, width in WIDTHS:
        value: str = getattr(event, name)
        if len(value) > width:
            setattr(event, name, value[:width])
            event.warn(f"{name}_shortened")


def limit_size(event: Event) -> None:
    """Serialise the properties once, for the database, and refuse what is over the cap."""
    event.properties.pop("token", None)  # the ingest key; its label is on the event
    try:
        event.metadata_json = orjson.dumps(event.properties)
    except TypeError:  # nested too deeply
        clean_properties(event)
        event.metadata_json = orjson.dumps(event.properties)
    limit = conf.get().max_event_bytes
    if len(event.metadata_json) > limit:
        raise Rejected(
            Reason.EVENT_TOO_LARGE,
            f"the event's properties are {len(event.metadata_json)} bytes; the limit is {limit}",
        )
