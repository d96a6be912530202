"""Figures of every day, worked out by hand."""

from __future__ import annotations

import pytest

from eventlake.analyses import daily
from eventlake.analyses.daily import DailyHistoryQuestion, DailyQuestion
from eventlake.errors import QuestionError
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

QUESTION = DailyQuestion(at("2026-03-02"), at("2026-03-06"), "UTC")


def test_persons_of_trailing_windows(ask: Ask) -> None:
    events = [
        event("view", "2026-03-01T08:00", 9),  # before the range
        event("view", "2026-03-02T08:00", 1),
        event("view", "2026-03-03T08:00", 1),
        event("view", "2026-03-03T09:00", 2),
        event("buy", "2026-03-05T09:00", 1),
    ]
    found = ask(lambda reader, question: daily.daily_persons(reader, question, (1, 2, 30)), QUESTION, events)
    assert found[1].tolist() == [1, 2, 0, 1]
    assert found[2].tolist() == [1, 2, 2, 1]
    assert found[30].tolist() == [1, 2, 2, 2]


def test_who_returned_exactly_so_many_days_later(ask: Ask) -> None:
    events = [
        event("view", "2026-03-01T08:00", 9),  # came before the range: in no cohort of it
        event("view", "2026-03-03T08:00", 9),
        event("view", "2026-03-02T08:00", 1),
        event("view", "2026-03-03T08:00", 1),
        event("view", "2026-03-02T08:00", 2),
        event("view", "2026-03-04T08:00", 2),
    ]
    history = DailyHistoryQuestion(QUESTION.from_at, QUESTION.to_at, "UTC")
    found = ask(lambda reader, question: daily.daily_retention(reader, question, (1, 2)), history, events)
    assert found[1].size.tolist() == [0, 2, 0, 0]
    assert found[1].returned.tolist() == [0, 1, 0, 0]
    assert (found[2].size.tolist(), found[2].returned.tolist()) == ([0, 0, 2, 0], [0, 0, 1, 0])


def test_a_conversion_holds_while_its_first_step_is_in_the_window(ask: Ask) -> None:
    events = [
        event("view", "2026-03-02T08:00", 1),
        event("ask", "2026-03-02T08:00", 1),  # at the same moment: after it
        event("pay", "2026-03-03T08:00", 1),
        event("ask", "2026-03-02T08:00", 2),  # the wrong way round
        event("view", "2026-03-02T09:00", 2),
        event("pay", "2026-03-03T09:00", 2),
    ]
    steps = ("view", "ask", "pay")
    found = ask(
        lambda reader, question: daily.daily_conversions(reader, question, steps, 3), QUESTION, events
    )
    assert found.tolist() == [0, 1, 1, 0]


def test_a_later_start_holds_longer(ask: Ask) -> None:
    events = [
        event("view", "2026-03-02T08:00", 1),
        event("view", "2026-03-03T08:00", 1),
        event("pay", "2026-03-03T09:00", 1),
    ]
    found = ask(
        lambda reader, question: daily.daily_conversions(reader, question, ("view", "pay"), 2),
        QUESTION,
        events,
    )
    assert found.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("steps", [("view",), ("view", "view"), tuple(str(n) for n in range(11))])
def test_steps_that_make_no_conversion_are_refused(ask: Ask, steps: tuple[str, ...]) -> None:
    with pytest.raises(QuestionError, match="2 to 10 different steps"):
        ask(lambda reader, question: daily.daily_conversions(reader, question, steps, 7), QUESTION, [])


def test_a_session_counts_on_the_day_on_which_it_began(ask: Ask) -> None:
    events = [
        event("view", "2026-03-02T23:50", 1),
        event("view", "2026-03-03T00:10", 1),
        event("view", "2026-03-03T08:00", 1, session_id="s"),
        event("view", "2026-03-03T09:00", 2, session_id="s"),
    ]
    found = ask(daily.daily_sessions, QUESTION, events)
    assert found.sessions.tolist() == [1, 1, 0, 0]
    assert found.length_s.tolist() == [1200, 3600, 0, 0]
