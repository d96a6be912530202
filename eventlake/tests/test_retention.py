"""Retention, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventlake.analyses.retention import RetentionKind, RetentionQuestion, retention
from eventlake.errors import QuestionError
from eventlake.periods import Interval
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

# 2026-03-02 is a Monday.
WEEKLY = RetentionQuestion(
    at("2026-03-02"), at("2026-03-23"), "UTC", "signup", "login", interval=Interval.WEEK, periods=4
)
EVENTS = [
    event("signup", "2026-03-03T10:00", 1),
    event("login", "2026-03-03T10:00", 1),  # at the start event: the same period counts it
    event("login", "2026-03-17T10:00", 1),
    event("login", "2026-03-04T09:00", 2),  # before the start event: it does not
    event("signup", "2026-03-04T10:00", 2),
    event("signup", "2026-03-10T10:00", 2),  # not the first
    event("login", "2026-03-10T11:00", 2),
    event("signup", "2026-02-20T10:00", 3),  # first before the range
    event("signup", "2026-03-12T10:00", 3),
    event("login", "2026-03-23T00:00", 3),  # after the range
    event("signup", "2026-03-12T10:00", None),  # nobody
]


def found(answer: object) -> list[tuple[int, tuple[int | None, ...]]]:
    return [(cohort.size, cohort.returned) for cohort in answer.cohorts]


def test_first_time(ask: Ask) -> None:
    answer = ask(retention, WEEKLY, EVENTS)
    assert [cohort.start for cohort in answer.cohorts] == [
        at("2026-03-02"),
        at("2026-03-09"),
        at("2026-03-16"),
    ]
    assert found(answer) == [(2, (1, 1, 1, None)), (0, (0, 0, None, None)), (0, (0, None, None, None))]
    assert answer.proof.definition == "retention/1"


def test_recurring(ask: Ask) -> None:
    answer = ask(retention, replace(WEEKLY, kind=RetentionKind.RECURRING), EVENTS)
    assert found(answer) == [(2, (1, 1, 1, None)), (2, (1, 0, None, None)), (0, (0, None, None, None))]


def test_merged_persons_are_one_member(ask: Ask) -> None:
    answer = ask(retention, WEEKLY, EVENTS, merged={2: 1})
    assert found(answer)[0] == (1, (1, 1, 1, None))


def test_any_event_starts_and_returns(ask: Ask) -> None:
    question = replace(WEEKLY, start_event=None, return_event=None, kind=RetentionKind.RECURRING, periods=2)
    assert found(ask(retention, question, EVENTS)) == [(2, (2, 1)), (2, (2, 0)), (1, (1, None))]


def test_many_periods_agree_with_few(ask: Ask) -> None:
    """More buckets than bits take another way to the same figures."""
    daily = replace(WEEKLY, from_at=at("2026-01-01"), interval=Interval.DAY, periods=30)
    figures = {
        cohort.start.date().isoformat(): cohort
        for cohort in ask(retention, daily, EVENTS).cohorts
        if cohort.size
    }
    assert {day: cohort.size for day, cohort in figures.items()} == {
        "2026-02-20": 1,
        "2026-03-03": 1,
        "2026-03-04": 1,
    }
    assert figures["2026-03-03"].returned[:15] == (1, *[0] * 13, 1)
    assert figures["2026-03-04"].returned[:7] == (0, 0, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"interval": Interval.HOUR}, "by day, week or month"),
        ({"periods": 0}, "1 to 400 periods"),
        ({"periods": 401}, "1 to 400 periods"),
    ],
)
def test_what_cannot_be_asked(part: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        replace(WEEKLY, **part)
