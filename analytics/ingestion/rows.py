"""An `Event` as a row of `UserEvent`, in the column order of the store."""

from __future__ import annotations

from datetime import datetime

from analytics.ingestion.event import Event
from analytics.store.events import COLUMNS, Row


def to_row(event: Event, stored_at: datetime) -> Row:
    """The row; `stored_at` becomes `created_at`."""
    arrival = event.arrival
    row = (
        event.uuid,
        stored_at,
        stored_at,
        arrival.source,
        None,
        0,
        arrival.retention_days,
        False,
        None,
        arrival.user_id,
        event.session_id,
        event.anonymous_id,
        event.distinct_id,
        event.person_id,
        arrival.ingest_key,
        event.event_type,
        event.event_name,
        event.page_url,
        event.page_path,
        event.action,
        event.timestamp,
        event.client_timestamp,
        arrival.sent_at,
        arrival.received_at,
        event.metadata_json.decode(),
        event.user_agent,
        event.ip_address,
        event.referrer,
        event.response_time_ms,
        event.status_code,
        event.device_type,
        event.browser,
        event.os,
        None,
        event.intent_classification,
        event.engagement_level,
        event.revenue_impact,
        event.conversion_value,
    )
    assert len(row) == len(COLUMNS)
    return row
