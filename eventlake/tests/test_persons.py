"""One person's timeline, and summaries of several: by hand, and against the slow way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.person_summaries import PersonSummariesQuestion, PersonSummary, person_summaries
from eventlake.analyses.person_timeline import (
    Cursor,
    PersonEvent,
    PersonEventsQuestion,
    person_events,
)
from eventlake.errors import QuestionError
from eventlake.tests.conftest import Ask, ask_source
from eventlake.tests.factory import Layout, Row, at, cleared_folder, event, laid_out
from eventlake.tests.oracle import person_of, within
from eventlake.tests.strategies import CHANGES, NAMES, examples, merges, streams
from eventlake.tests.test_against_oracle import layouts

MARCH = PersonEventsQuestion(at("2026-03-01"), at("2026-04-01"), 1)
EVENTS = [
    event("view", "2026-03-02T10:00", properties={"plan": "pro", "tags": [1]}, browser="Firefox"),
    event("view", "2026-03-02T10:00", person=2),
    event("buy", "2026-03-09T10:00"),
    event("view", "2026-03-09T10:00", person=3),
    event("view", "2026-03-20T23:59:59.999999"),
    event("view", "2026-04-01T00:00"),
]


def names(found: Any) -> list[str]:
    return [f"{e.event_name} {e.timestamp:%d}" for e in found.events]


def test_the_newest_event_comes_first(ask: Ask) -> None:
    assert names(ask(person_events, MARCH, EVENTS)) == ["view 20", "buy 09", "view 02"]


def test_an_event_has_its_columns_and_its_properties(ask: Ask) -> None:
    last = ask(person_events, MARCH, EVENTS).events[-1]
    assert (last.uuid, last.timestamp) == (EVENTS[0]["uuid"], at("2026-03-02T10:00"))
    assert last.properties == {"plan": "pro", "tags": [1]}
    assert (last.columns["browser"], last.columns["person_id"]) == ("Firefox", 1)
    assert not {"insert_xid", "day", "merged_person_id", "metadata"} & set(last.columns)


def test_a_merged_person_is_all_its_nodes_whichever_is_asked(ask: Ask) -> None:
    for node in (1, 3):
        answer = ask(person_events, replace(MARCH, person_id=node), EVENTS, merged={3: 1})
        assert answer.person_id == 1
        assert names(answer) == [
            "view 20",
            "view 09",
            "buy 09",
            "view 02",
        ]  # the later row of one instant first


def test_a_timeline_can_be_of_some_events_only(ask: Ask) -> None:
    assert names(ask(person_events, replace(MARCH, events=("buy", "nothing")), EVENTS)) == ["buy 09"]


def test_nobody_has_no_events(ask: Ask) -> None:
    answer = ask(person_events, replace(MARCH, person_id=77), EVENTS)
    assert (answer.events, answer.next_cursor) == ((), None)
    assert ask(person_events, MARCH, []).events == ()


def test_pages_follow_one_another_without_a_gap(ask: Ask) -> None:
    events = [event("view", "2026-03-02T10:00", properties={"n": n}) for n in range(5)]
    events += [event("view", f"2026-03-{day:02}T10:00", properties={"n": day}) for day in range(3, 9)]
    question, seen = replace(MARCH, limit=2), []
    while True:
        answer = ask(person_events, question, events)
        assert len(answer.events) <= 2
        seen += [e.properties["n"] for e in answer.events]
        if answer.next_cursor is None:
            break
        question = replace(question, cursor=answer.next_cursor)
    assert seen == [8, 7, 6, 5, 4, 3, 4, 3, 2, 1, 0]


def test_events_that_arrive_meanwhile_do_not_move_the_next_page(ask: Ask) -> None:
    events = [event("view", f"2026-03-{day:02}T10:00") for day in (3, 4, 5, 6)]
    first = ask(person_events, replace(MARCH, limit=2), events)
    events += [event("new", "2026-03-30T10:00"), event("late", "2026-03-04T12:00")]
    second = ask(person_events, replace(MARCH, limit=9, cursor=first.next_cursor), events)
    assert (names(first), names(second)) == (["view 06", "view 05"], ["late 04", "view 04", "view 03"])


def test_properties_that_are_no_json_cost_the_page_nothing(ask: Ask) -> None:
    events = [event("a", "2026-03-02T10:00", metadata=text) for text in ("{", "[1]", '{"k": 1}')]
    for row, text in zip(events, ("{", "[1]", '{"k": 1}'), strict=True):
        row["metadata"] = text
    assert [e.properties for e in ask(person_events, MARCH, events).events] == [{"k": 1}, {}, {}]


@pytest.mark.parametrize("cursor", ["", "x", "!!", "MS4yLjM", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE", "ü"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(QuestionError, match="cursor"):
        replace(MARCH, cursor=cursor)


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(QuestionError, match="1 to 1000 events"):
        replace(MARCH, limit=0)
    with pytest.raises(QuestionError, match="100 event names"):
        replace(MARCH, events=("a",) * 101)
    with pytest.raises(QuestionError, match="1000 persons"):
        PersonSummariesQuestion(at("2026-03-01"), at("2026-04-01"), tuple(range(1001)))


def test_a_later_page_reads_no_newer_rows() -> None:
    cursor = Cursor(at("2026-03-09T10:00"), 7).encode()
    assert replace(MARCH, cursor=cursor).reads.to_at == at("2026-03-09T10:00:00.000001")


def test_summaries_are_of_merged_persons(ask: Ask) -> None:
    question = PersonSummariesQuestion(at("2026-03-01"), at("2026-04-01"), (1, 2, 3, 77))
    answer = ask(person_summaries, question, EVENTS, merged={3: 1})
    assert answer.persons == {
        1: PersonSummary(at("2026-03-02T10:00"), at("2026-03-20T23:59:59.999999"), 4),
        2: PersonSummary(at("2026-03-02T10:00"), at("2026-03-02T10:00"), 1),
    }


def test_summaries_of_many_persons_are_those_of_each(ask: Ask) -> None:
    events = [event("a", f"2026-03-02T10:{n:02}", person=n) for n in range(1, 40)]
    question = PersonSummariesQuestion(at("2026-03-01"), at("2026-04-01"), tuple(range(1, 40)))
    answer = ask(person_summaries, question, events, merged=dict.fromkeys(range(2, 30), 1))
    assert {person: found.events for person, found in answer.persons.items()} == {
        1: 29,
        **dict.fromkeys(range(30, 40), 1),
    }


def ask_laid_out(events: list[Row], layout: Layout, merged: dict[int, int], zone: str) -> Callable[..., Any]:
    with cleared_folder() as folder:
        source = laid_out(folder, events, layout, merged, zone)
        return lambda analysis, question: ask_source(analysis, question, source)


@pytest.mark.slow
@examples(50)
@given(st.sampled_from(CHANGES), st.data(), merges, layouts)
def test_random_streams(
    change: tuple[str, dt.datetime], data: st.DataObject, merged: dict[int, int], layout: Layout
) -> None:
    zone, start = change
    events = data.draw(streams(start))
    span = start, start + dt.timedelta(hours=data.draw(st.sampled_from((0, 1, 30, 100))))
    person = data.draw(st.sampled_from((1, 2, 3, 9)))
    named = data.draw(st.sampled_from(((), NAMES[:2])))
    here = [
        (row["timestamp"], number, row)
        for number, row in enumerate(events)
        if row in within(events, *span) and person_of(row, merged) == merged.get(person, person)
    ]
    expected = [row["uuid"] for *_, row in sorted(here, key=lambda item: item[:2], reverse=True)]
    ask = ask_laid_out(events, layout, merged, zone)

    found: list[PersonEvent] = []
    question = PersonEventsQuestion(*span, person, events=named, limit=data.draw(st.integers(1, 4)))
    while True:
        answer = ask(person_events, question)
        found += answer.events
        if answer.next_cursor is None:
            break
        question = replace(question, cursor=answer.next_cursor)
    wanted = {row["uuid"] for row in events if not named or row["event_name"] in named}
    assert [e.uuid for e in found] == [name for name in expected if name in wanted]

    summaries = ask(person_summaries, PersonSummariesQuestion(*span, (merged.get(person, person),))).persons
    assert [s.events for s in summaries.values()] == ([len(here)] if here else [])
    if here:
        (summary,) = summaries.values()
        assert (summary.first_seen, summary.last_seen) == (min(here)[0], max(here)[0])
