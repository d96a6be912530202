"""From which day on metrics have to be worked out again: the earliest day of events that came since the last time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db.models import Min

from analytics import conf
from analytics.store import asking, cursors

NAME = "metrics"


@contextmanager
def find_first_late_day() -> Iterator[date | None]:
    """The local day of the earliest event that came since this block was last left without an error; None for none.

    The first time it is the earliest of all, so that a new installation has a past at once.
    """
    with cursors.unread(NAME) as events:
        earliest = asking.earliest_event() if events is None else events.aggregate(at=Min("timestamp"))["at"]
        yield None if earliest is None else earliest.astimezone(conf.get().zone).date()
