"""Ranges of time and the calendar buckets inside them, in any IANA zone.

Owns the rules of the calendar: half-open ranges, weeks that start on Monday, days of 23 or 25 hours, days
that a zone skipped. Python's zoneinfo is the only source of offsets; SQL never sees a zone, only the
instants at which buckets start (see `buckets`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from eventlake.errors import QuestionError

#: More than this is a mistake in the question: 10 years of days, 5 months of hours.
MAX_BUCKETS = 4_000


class Interval(StrEnum):
    """Length of a calendar bucket."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of instants, `from_at <= t < to_at`. An empty one is allowed.

    Errors: QuestionError for an instant without a zone or an end before the start.
    """

    from_at: dt.datetime
    to_at: dt.datetime

    def __post_init__(self) -> None:
        if self.from_at.tzinfo is None or self.to_at.tzinfo is None:
            raise QuestionError("a range needs instants with a time zone")
        if self.from_at > self.to_at:
            raise QuestionError("a range cannot end before it starts")

    @classmethod
    def of_days(cls, first: dt.date, last: dt.date) -> Span:
        """From the first instant of one UTC day to the last of another."""
        start, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (first, last))
        return cls(start, end + dt.timedelta(days=1))


def find_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Errors: QuestionError when there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise QuestionError(f"unknown time zone: {name}") from error


def day_start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The first instant of a local day, in the zone; of a day that the zone skipped, the first after it."""
    wall = dt.datetime.combine(day, dt.time())
    instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall:  # the clocks jumped over midnight
        instant = _change_of_offset(wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC), instant, zone)
    return instant.astimezone(zone)


def bucket_starts(span: Span, interval: Interval, zone: ZoneInfo) -> tuple[dt.datetime, ...]:
    """Starts of all buckets that touch the span, ascending, aware, in the zone; none for an empty span.

    The first may lie before the span: a week that a range enters on Wednesday still starts on Monday. An
    hour ends where the local hour or the offset changes, so a repeated hour is two buckets.

    Errors: QuestionError when there would be more than MAX_BUCKETS.
    """
    if span.from_at == span.to_at:
        return ()
    starts: list[dt.datetime] = []
    hourly = interval is Interval.HOUR
    for start in _hours(span.from_at, zone) if hourly else _dates(span.from_at, interval, zone):
        if start.astimezone(dt.UTC) >= span.to_at:
            break
        if starts and starts[-1].astimezone(dt.UTC) == start.astimezone(dt.UTC):
            starts.pop()  # a day that the zone skipped has no length
        starts.append(start)
        if len(starts) > MAX_BUCKETS:
            raise QuestionError(f"more than {MAX_BUCKETS} buckets: take a longer interval or a shorter range")
    return tuple(starts)


def previous_span(span: Span, zone: ZoneInfo, interval: Interval | None = None) -> Span:
    """The range of equal length that ends where this one starts.

    Whole local days are counted in days (so that a change of the clocks costs no hour), and whole local
    months in months when the interval is a month; anything else by elapsed time.
    """
    first, last = span.from_at.astimezone(zone).date(), span.to_at.astimezone(zone).date()
    if day_start(first, zone) != span.from_at or day_start(last, zone) != span.to_at:
        start = span.from_at.astimezone(dt.UTC)
        return Span(start - (span.to_at.astimezone(dt.UTC) - start), start)
    if interval is Interval.MONTH and first.day == 1 and last.day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month
        return Span(day_start(_add_months(first, -months), zone), span.from_at)
    return Span(day_start(first - (last - first), zone), span.from_at)


def same_hours_before(span: Span, days: int, zone: ZoneInfo) -> Span:
    """The span moved back by whole local days, with the same wall times at both ends.

    What an unfinished day is compared with: this morning with yesterday's morning, not with last night. A wall
    time that a change of clocks skipped counts as the instant after it.
    """
    return Span(_days_before(span.from_at, days, zone), _days_before(span.to_at, days, zone))


def offsets(span: Span, zone: ZoneInfo) -> tuple[tuple[dt.datetime, dt.timedelta], ...]:
    """When, in UTC, which offset of the zone begins to hold within a span, ascending; none for an empty one.

    Changes are looked for from one day to the next: a zone that changed twice within a day is none that exists.
    """
    if span.from_at == span.to_at:
        return ()
    at, end = span.from_at.astimezone(dt.UTC), span.to_at.astimezone(dt.UTC)
    found = [(at, at.astimezone(zone).utcoffset() or dt.timedelta())]
    while at < end:
        later = min(at + dt.timedelta(days=1), end)
        if _offset(later, zone) != _offset(at, zone) and (change := _change_of_offset(at, later, zone)) < end:
            found.append((change, change.astimezone(zone).utcoffset() or dt.timedelta()))
        at = later
    return tuple(found)


def _days_before(at: dt.datetime, days: int, zone: ZoneInfo) -> dt.datetime:
    wall = at.astimezone(zone).replace(tzinfo=None) - dt.timedelta(days=days)
    if wall.time() == dt.time():
        return day_start(wall.date(), zone)
    return wall.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone)


def _dates(at: dt.datetime, interval: Interval, zone: ZoneInfo) -> Iterator[dt.datetime]:
    day = at.astimezone(zone).date()
    if interval is Interval.WEEK:
        day -= dt.timedelta(days=day.weekday())
    elif interval is Interval.MONTH:
        day = day.replace(day=1)
    while True:
        yield day_start(day, zone)
        if interval is Interval.MONTH:
            day = _add_months(day, 1)
        else:
            day += dt.timedelta(days=7 if interval is Interval.WEEK else 1)


def _hours(at: dt.datetime, zone: ZoneInfo) -> Iterator[dt.datetime]:
    instant = at.astimezone(dt.UTC)
    start = instant - _into_hour(instant, zone)
    if _offset(start, zone) != _offset(instant, zone):
        start = _change_of_offset(start, instant, zone)
    while True:
        yield start.astimezone(zone)
        end = start + dt.timedelta(hours=1) - _into_hour(start, zone)
        last = end - dt.timedelta(seconds=1)
        start = end if _offset(last, zone) == _offset(start, zone) else _change_of_offset(start, last, zone)


def _add_months(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _into_hour(instant: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    local = instant.astimezone(zone)
    return dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _offset(instant: dt.datetime, zone: ZoneInfo) -> dt.timedelta | None:
    return instant.astimezone(zone).utcoffset()


def _change_of_offset(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first instant, to the second, at which the offset of `after` holds. Both are UTC."""
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if _offset(before + dt.timedelta(seconds=middle), zone) == _offset(after, zone):
            high = middle
        else:
            low = middle + 1
    return (before + dt.timedelta(seconds=high)).replace(microsecond=0)
