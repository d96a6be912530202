"""Calendar: hours, days, weeks and months of any zone, and the period before."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from eventlake.errors import QuestionError
from eventlake.periods import (
    MAX_BUCKETS,
    Interval,
    Span,
    bucket_starts,
    day_start,
    find_zone,
    previous_span,
    same_hours_before,
)
from eventlake.tests.factory import at


def starts(from_text: str, to_text: str, interval: Interval, zone: str) -> list[str]:
    found = bucket_starts(Span(at(from_text), at(to_text)), interval, ZoneInfo(zone))
    return [start.isoformat() for start in found]


def test_every_day_of_the_range_is_a_bucket() -> None:
    assert starts("2026-03-01", "2026-03-04", Interval.DAY, "UTC") == [
        "2026-03-01T00:00:00+00:00",
        "2026-03-02T00:00:00+00:00",
        "2026-03-03T00:00:00+00:00",
    ]


def test_a_bucket_that_the_range_only_touches_starts_before_it() -> None:
    assert starts("2026-03-04T15:00", "2026-03-09T00:00:01", Interval.WEEK, "UTC") == [
        "2026-03-02T00:00:00+00:00",
        "2026-03-09T00:00:00+00:00",
    ]
    assert starts("2026-01-31", "2026-02-01", Interval.MONTH, "UTC") == ["2026-01-01T00:00:00+00:00"]


def test_days_around_a_change_of_the_clocks_have_23_and_25_hours() -> None:
    assert starts("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", Interval.DAY, "Europe/Berlin") == [
        "2026-03-29T00:00:00+01:00"
    ]
    assert (
        len(starts("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", Interval.HOUR, "Europe/Berlin")) == 23
    )
    autumn = starts("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", Interval.HOUR, "Europe/Berlin")
    assert len(autumn) == 25
    assert autumn[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_a_change_of_half_an_hour_cuts_an_hour() -> None:
    assert starts("2026-04-04T14:00", "2026-04-04T16:30", Interval.HOUR, "Australia/Lord_Howe") == [
        "2026-04-05T01:00:00+11:00",
        "2026-04-05T01:30:00+10:30",
        "2026-04-05T02:00:00+10:30",
    ]
    assert starts("2026-10-03T15:10", "2026-10-03T16:10", Interval.HOUR, "Australia/Lord_Howe") == [
        "2026-10-04T01:00:00+10:30",
        "2026-10-04T02:30:00+11:00",
        "2026-10-04T03:00:00+11:00",
    ]


def test_a_day_whose_midnight_does_not_exist_starts_when_the_clocks_jump() -> None:
    start = day_start(dt.date(2026, 4, 24), ZoneInfo("Africa/Cairo"))
    assert start.isoformat() == "2026-04-24T01:00:00+03:00"


def test_a_day_that_starts_in_the_middle_of_a_jump_starts_when_the_clocks_have_jumped() -> None:
    start = day_start(dt.date(1919, 3, 31), ZoneInfo("America/Toronto"))  # 23:30 on the 30th became 00:30
    assert start.isoformat() == "1919-03-31T00:30:00-04:00"


def test_a_day_that_a_zone_skipped_is_no_bucket() -> None:
    found = starts("2011-12-29T10:00", "2011-12-31T10:01", Interval.DAY, "Pacific/Apia")
    assert found == ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"]


def test_an_empty_range_has_no_bucket() -> None:
    assert starts("2026-03-01", "2026-03-01", Interval.DAY, "UTC") == []


@pytest.mark.parametrize(
    ("from_text", "to_text", "interval", "expected"),
    [
        ("2026-04-01T00:00+02:00", "2026-04-08T00:00+02:00", None, "2026-03-25T00:00:00+01:00"),
        ("2026-03-01T00:00+01:00", "2026-05-01T00:00+02:00", Interval.MONTH, "2026-01-01T00:00:00+01:00"),
        ("2026-03-01T00:00+01:00", "2026-05-01T00:00+02:00", Interval.DAY, "2025-12-30T00:00:00+01:00"),
        ("2026-04-01T06:00+02:00", "2026-04-01T18:00+02:00", None, "2026-03-31T18:00:00+02:00"),
    ],
)
def test_the_period_before_is_as_long_in_days_or_months_or_time(
    from_text: str, to_text: str, interval: Interval | None, expected: str
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    span = Span(at(from_text), at(to_text))
    before = previous_span(span, zone, interval)
    assert before.from_at.astimezone(zone).isoformat() == expected
    assert before.to_at == span.from_at


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, ("2026-03-29T00:00:00+01:00", "2026-03-29T03:30:00+02:00")),  # 02:30 did not exist that day
        (2, ("2026-03-28T00:00:00+01:00", "2026-03-28T02:30:00+01:00")),
    ],
)
def test_the_same_hours_some_days_before(days: int, expected: tuple[str, str]) -> None:
    span = Span(at("2026-03-30T00:00+02:00"), at("2026-03-30T02:30+02:00"))
    before = same_hours_before(span, days, ZoneInfo("Europe/Berlin"))
    assert (before.from_at.isoformat(), before.to_at.isoformat()) == expected


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(QuestionError, match="time zone"):
        Span(dt.datetime(2026, 1, 1), at("2026-01-02"))  # noqa: DTZ001 - naive on purpose
    with pytest.raises(QuestionError, match="end before"):
        Span(at("2026-01-02"), at("2026-01-01"))
    for name in ("Mars/Olympus", "../etc/passwd", "", "\0"):
        with pytest.raises(QuestionError, match="unknown time zone"):
            find_zone(name)
    assert len(starts("2026-01-01", "2026-06-16T16:00", Interval.HOUR, "UTC")) == MAX_BUCKETS
    with pytest.raises(QuestionError, match="buckets"):
        starts("2026-01-01", "2026-06-16T16:01", Interval.HOUR, "UTC")
