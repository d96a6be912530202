"""Counting stored events by their type, a closed vocabulary; names of events are not one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.ingestion.commit import events_stored
from analytics.monitoring import names


def connect() -> None:
    """Count what is stored from now on in this process."""
    events_stored.connect(_count, dispatch_uid="analytics.monitoring.events")


def _count(sender: object, event_types: Mapping[str, int], **_: Any) -> None:
    for event_type, count in event_types.items():
        names.EVENT_COUNT.labels(event_type).inc(count)
