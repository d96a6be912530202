"""Ranges of time as a caller writes them: ISO dates or instants, half-open, in a zone.

A date means the start of that day in the zone, and so does an instant without an offset mean the zone's clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analytics import clock, conf
from analytics.errors import BadInput
from analytics.ingestion.timestamps import MAX_AHEAD

if TYPE_CHECKING:
    from eventlake.periods import Span

#: History is kept from 1970; far beyond the end nobody has events, and calendars run out.
FIRST_YEAR, LAST_YEAR = 1970, 2199

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_moment(text: str) -> date | datetime:
    """The date or instant of ISO 8601 text. A blank before the offset is the plus that a query string lost.

    **Errors**: `ValueError` naming what is expected.

    Example:
        >>> parse_moment("2026-05-04"), parse_moment("2026-05-04T10:00:00Z").isoformat()
        (datetime.date(2026, 5, 4), '2026-05-04T10:00:00+00:00')
    """
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-05-04") else _instant(text)
    except ValueError:
        raise ValueError(
            "an ISO date (2026-05-04) or instant (2026-05-04T10:00:00+02:00) is expected"
        ) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected")
    return found


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of an IANA name; the deployment's for none. **Errors**: `BadInput`."""
    from eventlake.errors import QuestionError
    from eventlake.periods import find_zone

    if not name:
        return conf.get().zone
    try:
        return find_zone(name)
    except QuestionError as error:
        raise BadInput(
            f"timezone: {error}; use an IANA name such as Europe/Vienna", code="bad_zone"
        ) from error


def span_of(date_from: str, date_to: str, zone: ZoneInfo) -> Span:
    """The half-open range of two moments. **Errors**: `BadInput`."""
    from eventlake.periods import Span

    from_at, to_at = instant_of(date_from, zone, "date_from"), instant_of(date_to, zone, "date_to")
    if from_at > to_at:
        raise BadInput("date_to: the range ends before it starts, at date_from", code="bad_range")
    return Span(from_at, to_at)


def span_or_all(date_from: str | None, date_to: str | None, zone: ZoneInfo) -> Span:
    """The same where both bounds may be absent: everything that is stored, also what a client's clock put ahead."""
    until = clock.next_minute() + MAX_AHEAD
    return span_of(date_from or EPOCH.isoformat(), date_to or until.isoformat(), zone)


def instant_of(text: str, zone: ZoneInfo, place: str) -> datetime:
    """The instant of one moment. **Errors**: `BadInput` naming `place`."""
    from eventlake.periods import day_start

    try:
        moment = parse_moment(text)
    except ValueError as error:
        raise BadInput(f"{place}: {error}", code="bad_range") from error
    if not isinstance(moment, datetime):
        return day_start(moment, zone)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def range_of(given: dict[str, Any]) -> tuple[Span, ZoneInfo]:
    """The range and zone of a question's `date_from`, `date_to` and `timezone`. **Errors**: `BadInput`."""
    zone = zone_of(given.get("timezone"))
    return span_of(given["date_from"], given["date_to"], zone), zone


def _instant(text: str) -> datetime:
    day, blank, offset = text.rpartition(" ")
    if blank and "T" in day and ":" in offset:
        text = f"{day}+{offset}"
    return datetime.fromisoformat(text)
