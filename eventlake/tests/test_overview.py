"""Overview by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from eventlake.analyses.filters import event_is
from eventlake.analyses.overview import OverviewQuestion, OverviewTotals, TopEvent, TopPage, overview
from eventlake.periods import Interval, Span, find_zone, same_hours_before
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

DAYS = OverviewQuestion(at("2026-03-02"), at("2026-03-04"), "UTC", now=at("2026-03-03T12:00"))

EVENTS = [
    event("old", "2026-02-28T10:00", person=7, conversion_value=Decimal("1.00")),
    event("view", "2026-03-02T10:00", event_type="page_view", page_path="/a", session_id="s"),
    event("view", "2026-03-02T10:10", event_type="page_view", page_path="/b", session_id="s"),
    event("view", "2026-03-02T11:00", person=2, event_type="page_view", page_path="/a"),
    event("buy", "2026-03-03T11:00", person=2, event_type="conversion", revenue_impact=Decimal("19.99")),
    event("refund", "2026-03-03T11:20", person=2, revenue_impact=Decimal("-0.01"), page_path="/a"),
    event("late", "2026-03-03T12:00", person=3),
    event("beyond", "2026-03-04T00:00", person=4),
]


def test_the_figures_of_a_range(ask: Ask) -> None:
    answer = ask(overview, DAYS, EVENTS)
    assert answer.totals == OverviewTotals(
        events=6,
        persons=3,
        revenue=Decimal("19.98"),
        conversion_percent=pytest.approx(100 / 3),
        sessions=4,
        avg_session_s=(600 + 0 + 1200 + 0) / 4,
        bounce_ratio=0.5,
    )
    assert isinstance(answer.totals.revenue, Decimal)
    assert [day.date().isoformat() for day in answer.buckets] == ["2026-03-02", "2026-03-03"]
    assert (answer.events, answer.persons) == ((3, 3), (2, 2))


def test_the_figures_of_the_range_before(ask: Ask) -> None:
    previous = ask(overview, DAYS, EVENTS).previous
    assert (previous.events, previous.persons, previous.conversion_percent) == (1, 1, 100)


def test_the_range_before_has_buckets_of_its_own(ask: Ask) -> None:
    answer = ask(overview, DAYS, EVENTS)
    assert [day.date().isoformat() for day in answer.previous_buckets] == ["2026-02-28", "2026-03-01"]
    assert (answer.previous_events, answer.previous_persons) == ((1, 0), (1, 0))
    assert (answer.span, answer.previous_span) == (DAYS.span, DAYS.previous)


def test_any_range_can_be_the_one_before(ask: Ask) -> None:
    morning = Span(at("2026-03-03T00:00"), at("2026-03-03T12:00"))
    question = replace(
        DAYS,
        from_at=morning.from_at,
        to_at=morning.to_at,
        before=same_hours_before(morning, 1, find_zone("UTC")),
        interval=Interval.HOUR,
    )
    answer = ask(overview, question, EVENTS)
    assert answer.previous_span == Span(at("2026-03-02T00:00"), at("2026-03-02T12:00"))
    assert (answer.events, answer.previous_events) == ((0,) * 11 + (2,), (0,) * 10 + (2, 1))
    assert (answer.totals.events, answer.previous.events) == (2, 3)


def test_merged_persons_count_once_everywhere(ask: Ask) -> None:
    answer = ask(overview, DAYS, EVENTS, merged={2: 1, 3: 1})
    assert (answer.totals.persons, answer.totals.conversion_percent) == (1, 100)
    assert answer.persons == (1, 1)
    assert answer.top_events[0] == TopEvent("view", 3, 1)
    assert answer.totals.sessions == 4  # of the one person: s, 11:00, the next day, and 40 minutes later


def test_active_today_ends_now_and_starts_at_local_midnight(ask: Ask) -> None:
    assert ask(overview, DAYS, EVENTS).active_persons_today == 1  # the event at 12:00 is not yet before now
    assert ask(overview, DAYS, EVENTS).active_persons_yesterday == 2  # 10:00, 10:10 and 11:00
    early = replace(DAYS, now=at("2026-03-03T10:30"))
    assert ask(overview, early, EVENTS).active_persons_yesterday == 1
    kiritimati = replace(DAYS, time_zone="Pacific/Kiritimati", now=at("2026-03-03T10:30"))
    events = [event("a", "2026-03-03T09:59", person=1), event("a", "2026-03-03T10:00", person=2)]
    assert ask(overview, kiritimati, events).active_persons_today == 1


def test_what_happened_most(ask: Ask) -> None:
    answer = ask(overview, replace(DAYS, top=2), EVENTS)
    assert answer.top_events == (TopEvent("view", 3, 2), TopEvent("buy", 1, 1))
    assert answer.top_pages == (TopPage("/a", 2, 2), TopPage("/b", 1, 1))  # only page views are views


def test_a_filter_goes_for_every_figure(ask: Ask) -> None:
    answer = ask(overview, replace(DAYS, filter=event_is("view")), EVENTS)
    assert (answer.totals.events, answer.totals.sessions, answer.totals.revenue) == (3, 2, 0)
    assert (answer.events, answer.active_persons_today) == ((3, 0), 0)
    assert answer.top_events == (TopEvent("view", 3, 2),)


def test_a_range_without_events_has_noughts_and_no_rates(ask: Ask) -> None:
    nothing = OverviewTotals(0, 0, Decimal(0), None, 0, None, None)
    answer = ask(overview, DAYS, [])
    assert (answer.totals, answer.previous) == (nothing, nothing)
    assert (answer.events, answer.persons) == ((0, 0), (0, 0))
    assert (answer.top_events, answer.top_pages) == ((), ())


def test_the_range_that_is_read_covers_the_one_before_and_today() -> None:
    assert DAYS.reads.from_at == at("2026-02-28")
    assert DAYS.reads.to_at == at("2026-03-04")
    later = replace(DAYS, now=at("2026-03-09T12:00"))
    assert later.reads.to_at == later.now
    long_ago = Span(at("2025-01-01"), at("2025-01-02"))
    assert replace(DAYS, before=long_ago).reads.from_at == long_ago.from_at
    earlier = replace(DAYS, now=at("2026-02-01T12:00"))
    assert earlier.reads.from_at == at("2026-01-31")
