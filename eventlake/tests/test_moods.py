"""Moods by hand."""

from __future__ import annotations

import datetime as dt

from eventlake.analyses.moods import (
    Mood,
    MoodOutcome,
    MoodOutcomesQuestion,
    MoodsQuestion,
    MoodTextsQuestion,
    mood_outcomes,
    mood_texts,
    moods,
)
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

START, END = at("2026-03-01"), at("2026-03-11")
VIENNA = MoodsQuestion(START, END, "Europe/Vienna", bound=0.1)

EVENTS = [
    event("review", "2026-03-01T10:00", person=1, sentiment_score=-0.5, metadata='{"text": "bad"}'),
    event("review", "2026-03-01T23:30", person=2, sentiment_score=0.5),  # the 2nd in Vienna
    event("review", "2026-03-02T12:00", person=3, sentiment_score=0.05),
    event("chat", "2026-03-02T13:00", person=4, sentiment_score=0.0, metadata='{"text": "servus"}'),
    event("chat", "2026-03-03T13:00", person=1, sentiment_score=1.0),  # not the first text of person 1
    event("click", "2026-03-03T14:00", person=2),
]


def test_days_are_those_of_the_zone_and_only_texts_count(ask: Ask) -> None:
    answer = ask(moods, VIENNA, EVENTS)
    assert {day.isoformat(): mood.texts for day, mood in answer.days.items()} == {
        "2026-03-01": 1,
        "2026-03-02": 3,
        "2026-03-03": 1,
    }
    assert answer.days[dt.date(2026, 3, 1)] == Mood(texts=1, mean=-0.5, negative=1, positive=0)


def test_events_have_their_texts_sides_and_mean(ask: Ask) -> None:
    answer = ask(moods, VIENNA, EVENTS)
    assert list(answer.names) == ["review", "chat"]
    assert answer.names["chat"] == Mood(texts=2, mean=0.5, negative=0, positive=1)


def test_scores_fall_into_twenty_bins_and_those_without_an_opinion_beside_them(ask: Ask) -> None:
    answer = ask(moods, VIENNA, EVENTS)
    filled = {number: count for number, count in enumerate(answer.bins) if count}
    assert filled == {5: 1, 10: 1, 15: 1, 19: 1}
    assert answer.without == 1


def test_one_event_alone_still_lists_all_events(ask: Ask) -> None:
    answer = ask(moods, MoodsQuestion(START, END, "UTC", 0.1, event="chat"), EVENTS)
    assert sum(mood.texts for mood in answer.days.values()) == 2
    assert set(answer.names) == {"review", "chat"}


def test_examples_are_the_farthest_of_each_side_and_those_left_alone(ask: Ask) -> None:
    found = ask(mood_texts, MoodTextsQuestion(START, END, 0.1, most=1), EVENTS).texts
    assert {(text.mood, text.score) for text in found} == {
        ("negative", -0.5),
        ("positive", 1.0),
        ("without", 0.0),
    }
    assert next(text for text in found if text.mood == "without").metadata == '{"text": "servus"}'


OUTCOMES = MoodOutcomesQuestion(START, END, now=at("2026-03-20"), within_days=7, bound=0.1)


def test_outcomes_follow_the_first_text_of_each_person(ask: Ask) -> None:
    later = [
        event("pay", "2026-03-02T09:00", person=1, event_type="conversion"),  # after 23 hours: no return
        event("click", "2026-03-08T09:59", person=3),  # within the days
        event("click", "2026-03-10T13:00", person=4),  # too late
    ]
    answer = ask(mood_outcomes, OUTCOMES, [*EVENTS, *later])
    assert answer.moods == {
        "negative": MoodOutcome(persons=1, came_back=1, converted=1),  # back with the second text
        "positive": MoodOutcome(persons=1, came_back=1, converted=0),
        "neutral": MoodOutcome(persons=2, came_back=1, converted=0),
    }


def test_whose_time_is_not_over_is_not_counted(ask: Ask) -> None:
    early = MoodOutcomesQuestion(START, END, now=at("2026-03-08T20:00"), within_days=7, bound=0.1)
    assert set(ask(mood_outcomes, early, EVENTS).moods) == {"negative"}


def test_nothing_gives_nothing(ask: Ask) -> None:
    answer = ask(moods, VIENNA, [])
    assert (answer.days, answer.names, sum(answer.bins), answer.without) == ({}, {}, 0, 0)
    assert ask(mood_outcomes, OUTCOMES, []).moods == {}
