"""Lifecycle and stickiness, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventlake.analyses.lifecycle import LifecycleQuestion, lifecycle
from eventlake.analyses.stickiness import StickinessQuestion, stickiness
from eventlake.errors import QuestionError
from eventlake.periods import Interval
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

QUESTION = LifecycleQuestion(at("2026-03-02"), at("2026-03-06"), "UTC")
EVENTS = [
    event("view", "2026-03-01T23:59", 1),
    event("view", "2026-03-02T08:00", 1),  # returning: there the day before
    event("view", "2026-03-04T08:00", 1),  # resurrecting: not there on the 3rd
    event("view", "2026-02-10T08:00", 2),
    event("buy", "2026-03-02T08:00", 2),  # resurrecting
    event("view", "2026-03-03T08:00", 2),  # returning
    event("view", "2026-03-03T09:00", 3),  # new
    event("view", "2026-03-03T10:00", 3),
    event("view", "2026-02-28T08:00", 4),  # two days before the range: dormant long since
]


def test_where_persons_of_a_day_came_from(ask: Ask) -> None:
    answer = ask(lifecycle, QUESTION, EVENTS)
    assert answer.new == (0, 1, 0, 0)
    assert answer.returning == (1, 1, 0, 0)
    assert answer.resurrecting == (1, 0, 1, 0)
    assert answer.dormant == (0, -1, -2, -1)
    assert len(answer.buckets) == 4


def test_new_is_by_the_first_event_of_any_name(ask: Ask) -> None:
    answer = ask(lifecycle, replace(QUESTION, event="buy"), EVENTS)
    assert (answer.new, answer.resurrecting) == ((0, 0, 0, 0), (1, 0, 0, 0))
    assert answer.dormant == (0, -1, 0, 0)


def test_a_merged_person_is_not_new_again(ask: Ask) -> None:
    answer = ask(lifecycle, QUESTION, EVENTS, merged={3: 2})
    assert answer.new == (0, 0, 0, 0)
    assert answer.returning == (1, 1, 0, 0)


def test_weeks(ask: Ask) -> None:
    answer = ask(lifecycle, replace(QUESTION, interval=Interval.WEEK), EVENTS)
    assert (answer.new, answer.returning, answer.resurrecting, answer.dormant) == ((1,), (1,), (1,), (-1,))


def test_an_empty_range_has_no_buckets(ask: Ask) -> None:
    assert ask(lifecycle, replace(QUESTION, to_at=QUESTION.from_at), EVENTS).buckets == ()


def test_days_of_a_week(ask: Ask) -> None:
    question = StickinessQuestion(at("2026-03-02"), at("2026-03-16"), "UTC")
    events = [
        *EVENTS,
        event("view", "2026-03-08T23:59", 2),
        event("view", "2026-03-09T00:00", 2),  # another week
    ]
    answer = ask(stickiness, question, events)
    assert answer.counts == (1, 2, 3, 4, 5, 6, 7)
    assert answer.persons == (2, 1, 1, 0, 0, 0, 0)


def test_stickiness_is_within_weeks_or_months() -> None:
    with pytest.raises(QuestionError, match="a week or a month"):
        StickinessQuestion(at("2026-03-02"), at("2026-03-16"), "UTC", within=Interval.DAY)
