"""The present time, from one place, so that a test can move it.

Everything in `analytics` that needs "now" calls `now()`; nothing else calls `timezone.now()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo

_frozen_at: datetime | None = None


def now() -> datetime:
    """The present as an aware UTC datetime."""
    return _frozen_at if _frozen_at is not None else datetime.now(UTC)


def today(zone: tzinfo) -> date:
    """The present day of a zone.

    Example:
        >>> from zoneinfo import ZoneInfo
        >>> with frozen(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)):
        ...     today(ZoneInfo("Europe/Berlin")).isoformat()
        '2026-01-02'
    """
    return now().astimezone(zone).date()


def next_minute() -> datetime:
    """The first whole minute after now: an end of a range that includes this instant and holds for a while.

    Example:
        >>> with frozen(datetime(2026, 1, 1, 12, tzinfo=UTC)):
        ...     next_minute().isoformat()
        '2026-01-01T12:01:00+00:00'
    """
    return now().replace(second=0, microsecond=0) + timedelta(minutes=1)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold `now()` at one instant inside the block (tests and replays).

    Errors: `ValueError` for a naive datetime.

    Example:
        >>> with frozen(datetime(2026, 1, 2, tzinfo=UTC)):
        ...     now().isoformat()
        '2026-01-02T00:00:00+00:00'
    """
    global _frozen_at
    if at.tzinfo is None:
        raise ValueError("clock.frozen needs an aware datetime")
    before, _frozen_at = _frozen_at, at.astimezone(UTC)
    try:
        yield
    finally:
        _frozen_at = before
