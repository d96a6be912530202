"""Paths by hand, and against the slow way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.paths import paths
from eventlake.analyses.paths_question import PathsQuestion, Within
from eventlake.analyses.properties import Property
from eventlake.errors import QuestionError
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import START, Layout, Row, at, event
from eventlake.tests.oracle_paths import path_links
from eventlake.tests.strategies import NAMES, examples, filters, merges, streams
from eventlake.tests.test_against_oracle import ask_mixed, layouts

DAY = PathsQuestion(at("2026-03-02"), at("2026-03-03"))


def visit(session: str, names: str, person: int | None = 1, hour: int = 10) -> list[Row]:
    """One event a minute, named by one letter each."""
    start = at(f"2026-03-02T{hour}:00")
    return [
        event(name, start + dt.timedelta(minutes=minute), person=person, session_id=session)
        for minute, name in enumerate(names)
    ]


def links(ask: Ask, question: PathsQuestion, events: list[Row], **parts: object) -> list[tuple[object, ...]]:
    answer = ask(paths, question, events, **parts)
    return [(link.step, link.source + link.target, link.persons, link.count) for link in answer.links]


def test_links_are_counted_by_step(ask: Ask) -> None:
    events = visit("s1", "abc") + visit("s2", "ab", person=2) + visit("s3", "ab", person=2)
    assert links(ask, DAY, events) == [(1, "ab", 2, 3), (2, "bc", 1, 1)]


def test_events_of_the_same_name_in_a_row_are_one_step(ask: Ask) -> None:
    assert links(ask, DAY, visit("s1", "aabbba")) == [(1, "ab", 1, 1), (2, "ba", 1, 1)]


def test_many_events_of_the_same_name_do_not_hide_what_follows(ask: Ask) -> None:
    events = visit("s1", "a" * 40 + "b" + "c" * 10 + "d") + visit("s2", "ab" + "c" * 30)
    assert links(ask, DAY, events) == [(1, "ab", 1, 2), (2, "bc", 1, 2), (3, "cd", 1, 1)]


def test_many_sequences_that_begin_long_are_read_whole(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlake.analyses.paths._MAX_NAMED", 1)
    events = visit("s1", "a" * 40 + "b") + visit("s2", "a" * 40 + "b") + visit("s3", "ab")
    assert links(ask, DAY, events) == [(1, "ab", 1, 3)]


@pytest.mark.parametrize("question", [DAY, replace(DAY, start_event="a"), replace(DAY, within=Within.PERSON)])
def test_what_does_not_fit_into_memory_is_read_in_parts(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, question: PathsQuestion
) -> None:
    in_sessions = [visit(f"s{n}", "ab" if n % 3 else "ac", person=n) for n in range(1, 20)]
    in_runs = [visit("", "ab", person=n) for n in range(20, 30)]
    events = [item for one in in_sessions + in_runs for item in one]
    whole = links(ask, question, events)
    monkeypatch.setattr("eventlake.analyses.paths._PART_CELLS", 200)
    assert links(ask, question, events) == whole == [(1, "ab", 23, 23), (1, "ac", 6, 6)]


def test_of_events_at_the_same_instant_the_name_decides(ask: Ask) -> None:
    instant = at("2026-03-02T10:00")
    events = [event(name, instant, session_id="s") for name in "cab"]
    assert links(ask, DAY, events) == [(1, "ab", 1, 1), (2, "bc", 1, 1)]


def test_only_the_first_steps_are_shown(ask: Ask) -> None:
    assert links(ask, replace(DAY, max_steps=3), visit("s1", "abcdef")) == [(1, "ab", 1, 1), (2, "bc", 1, 1)]


def test_a_sequence_begins_at_the_first_start_event(ask: Ask) -> None:
    events = visit("s1", "xyabac") + visit("s2", "xy", person=2)
    question = replace(DAY, start_event="a", max_steps=3)
    assert links(ask, question, events) == [(1, "ab", 1, 1), (2, "ba", 1, 1)]


def test_a_sequence_ends_at_the_first_end_event_and_its_last_steps_are_shown(ask: Ask) -> None:
    events = visit("s1", "abcdzez") + visit("s2", "ab", person=2)
    question = replace(DAY, end_event="z", max_steps=3)
    assert links(ask, question, events) == [(1, "cd", 1, 1), (2, "dz", 1, 1)]


def test_the_end_event_comes_after_the_start_event(ask: Ask) -> None:
    events = visit("s1", "zabz") + visit("s2", "zab", person=2)
    question = replace(DAY, start_event="a", end_event="z")
    assert links(ask, question, events) == [(1, "ab", 1, 1), (2, "bz", 1, 1)]


def test_a_way_back_to_the_start_needs_something_in_between(ask: Ask) -> None:
    question = replace(DAY, start_event="a", end_event="a")
    assert links(ask, question, visit("s1", "xaabca") + visit("s2", "aa", person=2)) == [
        (1, "ab", 1, 1),
        (2, "bc", 1, 1),
        (3, "ca", 1, 1),
    ]


def test_an_anchor_that_never_happened_leaves_nothing(ask: Ask) -> None:
    assert links(ask, replace(DAY, start_event="nowhere"), visit("s1", "ab")) == []


def test_without_a_session_id_a_silence_ends_the_sequence(ask: Ask) -> None:
    events = visit("", "ab") + visit("", "cd", hour=11) + visit("", "xy", person=None)
    assert links(ask, DAY, events) == [(1, "ab", 1, 1), (1, "cd", 1, 1)]


def test_within_a_person_sessions_go_on_and_merged_persons_are_one(ask: Ask) -> None:
    events = visit("s1", "ab") + visit("s2", "c", person=3, hour=11) + visit("s3", "d", person=None, hour=12)
    question = replace(DAY, within=Within.PERSON)
    assert links(ask, question, events, merged={3: 1}) == [(1, "ab", 1, 1), (2, "bc", 1, 1)]


def test_a_filter_thins_the_steps_and_not_the_sessions(ask: Ask) -> None:
    at_work = Condition(Property("seen"), Operator.IS_SET)
    events = [
        event(name, f"2026-03-02T10:{minute}", properties={"seen": 1} if name != "b" else {})
        for name, minute in (("a", "00"), ("b", "25"), ("c", "50"))
    ]
    assert links(ask, replace(DAY, filter=at_work), events) == [(1, "ac", 1, 1)]


def test_a_shared_session_counts_for_one_person_and_one_without_for_none(ask: Ask) -> None:
    shared = visit("s1", "a", person=7) + visit("s1", "b", person=5, hour=11)
    assert links(ask, DAY, shared + visit("s2", "ab", person=None)) == [(1, "ab", 1, 2)]


def test_the_largest_links_are_kept(ask: Ask) -> None:
    events = visit("s1", "ba") + visit("s2", "ba") + visit("s3", "dc") + visit("s4", "ac")
    assert links(ask, replace(DAY, limit=2), events) == [(1, "ba", 1, 2), (1, "ac", 1, 1)]


def test_nothing_leads_nowhere(ask: Ask) -> None:
    assert links(ask, DAY, []) == []
    assert links(ask, replace(DAY, to_at=DAY.from_at), visit("s1", "ab")) == []


def test_a_range_too_long_for_64_bits_is_counted_all_the_same(ask: Ask) -> None:
    ever = PathsQuestion(at("0001-01-01"), at("9999-01-01"), limit=1)
    events = [event(f"e{number:03}", f"2026-03-02T10:{number % 60:02}") for number in range(120)]
    events += [
        event("e000", "2026-03-02T12:00", session_id="s"),
        event("e119", "2026-03-02T12:00:01", session_id="s"),
    ]
    assert [(link.source, link.target) for link in ask(paths, ever, events).links] == [("e000", "e060")]


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(QuestionError, match="2 to 20 steps"):
        replace(DAY, max_steps=1)
    with pytest.raises(QuestionError, match="1 to 1000 links"):
        replace(DAY, limit=0)


anchors = st.sampled_from((None, None, *NAMES[:2]))


@pytest.mark.slow
@examples(50)
@given(st.data(), merges, layouts)
def test_random_streams(data: st.DataObject, merged: dict[int, int], layout: Layout) -> None:
    events = data.draw(streams(START))
    question = PathsQuestion(
        START,
        START + dt.timedelta(hours=data.draw(st.sampled_from((0, 1, 30, 100)))),
        within=data.draw(st.sampled_from(Within)),
        start_event=data.draw(anchors),
        end_event=data.draw(anchors),
        max_steps=data.draw(st.integers(2, 5)),
        limit=data.draw(st.sampled_from((3, 50))),
        filter=data.draw(st.one_of(st.none(), filters)),
    )
    found = ask_mixed(paths, question, events, merged, layout).links
    expected = path_links(question, events, merged)
    assert [(x.step, x.source, x.target, x.persons, x.count) for x in found] == expected
