"""Persons at past cutoffs: by hand, and against the slow way."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.person_snapshots import (
    GapsQuestion,
    PersonSnapshotsQuestion,
    median_gap_days,
    person_snapshots,
)
from eventlake.errors import QuestionError
from eventlake.tests import oracle
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import Layout, Row, at, event
from eventlake.tests.strategies import CHANGES, examples, merges, streams
from eventlake.tests.test_against_oracle import ask_mixed, layouts

QUESTION = PersonSnapshotsQuestion(
    at("2026-03-01"), at("2026-04-01"), "UTC", (dt.date(2026, 3, 11), dt.date(2026, 3, 21)), 10, 10
)
EVENTS = [
    event("view", "2026-03-02T10:00"),
    event("buy", "2026-03-09T10:00", event_type="conversion"),
    event("view", "2026-03-10T23:59:59.999999"),
    event("view", "2026-03-11T00:00"),
    event("view", "2026-03-01T10:00", person=2),
    event("view", "2026-03-20T10:00", person=2),
    event("view", "2026-03-31T10:00", person=2),
]


def test_a_row_sees_nothing_at_or_after_its_cutoff(ask: Ask) -> None:
    rows = ask(person_snapshots, QUESTION, EVENTS).rows.to_pylist()
    assert [(row["cutoff"] - rows[0]["cutoff"], row["person_id"]) for row in rows] == [
        (0, 1),
        (0, 2),
        (10, 1),
        (10, 2),
    ]
    first = rows[0]
    assert (first["first_seen_days"], first["last_seen_days"]) == (9, 1)
    assert (first["events_total"], first["events_horizon"], first["active_days_total"]) == (3, 3, 3)
    assert (first["conversion_days_total"], first["last_converted_days"]) == (1, 2)
    assert (first["returned"], first["converted"]) == (True, False)
    assert [row["returned"] for row in rows] == [
        True,
        True,
        False,
        False,
    ]  # day 31 is the first after the horizon


def test_who_was_silent_for_long_is_left_out(ask: Ask) -> None:
    question = PersonSnapshotsQuestion(QUESTION.from_at, QUESTION.to_at, "UTC", QUESTION.cutoffs, 10, 5)
    rows = ask(person_snapshots, question, EVENTS).rows.to_pylist()
    assert [row["person_id"] for row in rows] == [1, 2]


def test_the_usual_gap_is_the_median_of_all_gaps(ask: Ask) -> None:
    gaps = GapsQuestion(QUESTION.from_at, QUESTION.to_at, "UTC")
    assert ask(median_gap_days, gaps, EVENTS) == 7  # 7, 1, 1 and 19, 11
    assert ask(median_gap_days, gaps, EVENTS[:1]) is None


def test_a_question_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(QuestionError):
        PersonSnapshotsQuestion(QUESTION.from_at, QUESTION.to_at, "UTC", (), 10, 10)
    with pytest.raises(QuestionError):
        PersonSnapshotsQuestion(QUESTION.from_at, QUESTION.to_at, "UTC", QUESTION.cutoffs, 0, 10)


@pytest.mark.slow
@examples(40)
@given(st.sampled_from(CHANGES), st.data(), merges, layouts)
def test_snapshots_against_the_slow_way(
    change: tuple[str, dt.datetime], data: st.DataObject, merged: dict[int, int], layout: Layout
) -> None:
    name, start = change
    zone = ZoneInfo(name)
    events: list[Row] = data.draw(streams(start))
    cutoffs = tuple(start.astimezone(zone).date() + dt.timedelta(days=days) for days in (1, 2, 4))
    to_at = start + dt.timedelta(days=data.draw(st.sampled_from((0, 3, 9))))
    horizon, silence = data.draw(st.sampled_from((1, 2, 5))), data.draw(st.sampled_from((1, 3, 9)))
    question = PersonSnapshotsQuestion(start, to_at, name, cutoffs, horizon, silence)
    found = ask_mixed(person_snapshots, question, events, merged, layout).rows.to_pylist()
    assert [_figures(row) for row in found] == list(_slowly(question, events, merged))
    few = ask_mixed(
        person_snapshots, replace(question, persons=(2,)), events, merged, layout
    ).rows.to_pylist()
    assert few == [row for row in found if row["person_id"] == 2]


def _figures(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("cutoff", "person_id", "first_seen_days", "last_seen_days", "events_total", "events_horizon")
    more = (
        "events_before",
        "active_days_total",
        "active_days_horizon",
        "active_days_before",
        "returned",
        "converted",
    )
    return tuple(row[name] for name in (*names, *more))


def _slowly(question: PersonSnapshotsQuestion, events: list[Row], merged: dict[int, int]) -> Any:
    zone, horizon = ZoneInfo(question.time_zone), question.horizon_days
    here = oracle.within(events, question.from_at, question.to_at)
    persons = sorted({person for item in here if (person := oracle.person_of(item, merged)) is not None})
    for cutoff in question.cutoffs:
        for person in persons:
            mine = [item for item in here if oracle.person_of(item, merged) == person]
            ago = [(cutoff - item["timestamp"].astimezone(zone).date()).days for item in mine]
            past = [days for days in ago if days > 0]
            if not past or min(past) > question.silence_days:
                continue
            recent = [days for days in past if days <= horizon]
            before = [days for days in past if horizon < days <= 2 * horizon]
            after = [item for item, days in zip(mine, ago, strict=True) if -horizon < days <= 0]
            converted = any(
                item["event_type"] == "conversion" or item.get("conversion_value") for item in after
            )
            yield (
                cutoff.toordinal() - dt.date(1970, 1, 1).toordinal(), person, max(past), min(past), len(past),
                len(recent), len(before), len(set(past)), len(set(recent)), len(set(before)), bool(after), converted,
            )  # fmt: skip
