"""Reading the times that clients send, and correcting them for wrong clocks.

Rules: an `offset` wins (now - offset); otherwise the client's timestamp, moved by the difference between its
`sent_at` and our clock where that difference is over a minute (below it is travel time, not a wrong clock);
missing or unreadable is now; more than 23 hours ahead is now; a year that no calendar has is the epoch.
Source: PostHog `rust/common/types/src/timestamp.rs`; Segment "timestamp" in its common fields.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(hours=23)
MIN_SKEW = timedelta(seconds=60)
_MS_FROM = 100_000_000_000  # above this a number is milliseconds: as seconds it is the year 5138


def parse_time(given: Any) -> datetime | None:
    """An aware UTC datetime, or None where `given` names no time.

    Takes RFC 3339, naive ISO (as UTC), epoch seconds or milliseconds, RFC 2822.

    Example:
        >>> parse_time("2026-05-04T10:00:00+03").isoformat()
        '2026-05-04T07:00:00+00:00'
        >>> parse_time(1700000000123).isoformat()
        '2023-11-14T22:13:20.123000+00:00'
        >>> parse_time("next week") is None
        True
    """
    if isinstance(given, bool) or given is None:
        return None
    if isinstance(given, datetime):
        return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    if isinstance(given, int | float):
        return _from_number(given)
    if not isinstance(given, str) or not given:
        return None
    return _from_text(given.strip())


def _from_number(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) >= _MS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


def _from_text(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        try:
            return _from_number(float(text))
        except ValueError:
            pass
        try:
            parsed = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except OverflowError:
        return EPOCH


def corrected(
    given: Any,
    *,
    received_at: datetime,
    sent_at: datetime | None,
    offset_ms: Any = None,
    ignore_skew: bool = False,
) -> datetime:
    """When the event happened, by the best knowledge of client and server.

    Example:
        >>> noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
        >>> slow = datetime(2026, 5, 4, 11, tzinfo=UTC)
        >>> corrected("2026-05-04T10:59:58Z", received_at=noon, sent_at=slow).isoformat()
        '2026-05-04T11:59:58+00:00'
    """
    if isinstance(offset_ms, int | float) and not isinstance(offset_ms, bool):
        try:
            return _not_ahead(received_at - timedelta(milliseconds=offset_ms), received_at)
        except OverflowError:
            return received_at
    happened_at = parse_time(given)
    if happened_at is None:
        return received_at
    if sent_at is not None and not ignore_skew:
        skew = sent_at - received_at
        if abs(skew) > MIN_SKEW:
            try:
                happened_at -= skew
            except OverflowError:
                return EPOCH
    return _not_ahead(happened_at, received_at)


def _not_ahead(happened_at: datetime, received_at: datetime) -> datetime:
    return received_at if happened_at - received_at > MAX_AHEAD else happened_at
