"""The daily summary: queued once a day for each target that wants it, whatever runs how often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from analytics.models import AlertTarget, OutboxMessage
from analytics.store import locks
from analytics.store.outbox import put_message, sink_of_target

KIND = "summary"


def queue_summary(day: date, facts: Mapping[str, Any], *, text: str = "", link: str = "") -> int:
    """Queue the summary of a day for each target that wants it and has it not yet; how many were queued.

    `facts`: label to value, in the order in which they are shown.
    """
    queued = 0
    with transaction.atomic():
        locks.hold("daily summary")
        for target in AlertTarget.objects.filter(wants_summary=True, is_enabled=True).order_by("pk"):
            sink, key = sink_of_target(target.pk), f"summary {day.isoformat()}"
            if OutboxMessage.objects.filter(sink=sink, kind=KIND, ordering_key=key).exists():
                continue
            payload = {
                "title": f"Summary of {day.isoformat()}",
                "text": text,
                "link": link,
                "facts": [[label, _plain(value)] for label, value in facts.items()],
            }
            put_message(sink=sink, kind=KIND, payload=payload, ordering_key=key)
            queued += 1
    return queued


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else str(value)
