"""What goes over the stream: server-sent events with JSON that names nothing which the admin would not show.

**Source**: WHATWG HTML, "Server-sent events": fields `id`, `event`, `data`, `retry`; a blank line ends a message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from analytics import conf
from analytics.store.arrivals import Arrivals, Arrived


@dataclass(frozen=True)
class View:
    """What one viewer wants and may see: events whose name holds `name`; who did it only with the right."""

    name: str = ""
    shows_who: bool = False

    def wants(self, event_name: str) -> bool:
        """Whether an event of this name is shown."""
        return self.name.casefold() in event_name.casefold()


def hello(retry_ms: int) -> bytes:
    """How long the browser waits before it comes back."""
    return f"retry: {retry_ms}\n\n".encode()


def keep_alive() -> bytes:
    """A line that says nothing, so that nobody on the way takes the connection for dead."""
    return b": still here\n\n"


def trouble() -> bytes:
    """The database does not answer; the stream goes on when it does."""
    return b"event: trouble\ndata: {}\n\n"


def arrived(found: Arrivals, view: View, *, is_first: bool = False) -> bytes:
    """What came: the true count, and rows of it, newest first. `id` is the position from which to go on."""
    rows = [_row(event, view) for event in found.events if view.wants(event.event_name)]
    wanted = sum(number for name, number in found.by_name.items() if view.wants(name))
    count = wanted if view.name else found.count
    body = {"count": count, "isFirst": is_first, "isSample": count > len(rows), "events": rows}
    return f"id: {found.position}\nevent: arrived\ndata: {json.dumps(body)}\n\n".encode()


def _row(event: Arrived, view: View) -> dict[str, Any]:
    shown = {
        "id": event.id,
        "name": event.event_name,
        "type": event.event_type,
        "at": _clock_time(event.received_at),
        "source": event.ingest_key or event.source,
    }
    if view.shows_who:
        shown |= {
            "who": event.distinct_id,
            "page": event.page_path[:300],
            "url": reverse("admin:analytics_userevent_change", args=(event.id,)),
        }
    return shown


def _clock_time(at: datetime) -> str:
    return at.astimezone(conf.get().zone).strftime("%H:%M:%S")
