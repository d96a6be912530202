"""What clients speak. A dialect reads a parsed body into an `Envelope` and turns each item into an `Event`.

To add one: a module with `read` and `to_event`, its name in `DIALECTS`, its paths in `analytics.api.capture`, and
a test file.
"""

from __future__ import annotations

from typing import Protocol

from analytics.ingestion.dialects import posthog, posthog_v1, segment
from analytics.ingestion.dialects.envelope import Envelope, Wire
from analytics.ingestion.event import Arrival, Event


class Dialect(Protocol):
    """The two functions of a dialect module."""

    def read(self, wire: Wire) -> Envelope:
        """The key, the times and the items of one request."""

    def to_event(self, item: object, arrival: Arrival, index: int) -> Event:
        """One item as an event; raises `Rejected`."""


DIALECTS: dict[str, Dialect] = {"posthog": posthog, "posthog_v1": posthog_v1, "segment": segment}
