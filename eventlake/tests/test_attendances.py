"""Requests and what came of them, by hand."""

from __future__ import annotations

from typing import Any

from eventlake.analyses.attendances import AttendanceNames, AttendancesQuestion, attendances
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import Row, at, event

QUESTION = AttendancesQuestion(
    at("2026-03-01"),
    at("2026-04-01"),
    AttendanceNames("asked", "came", "missed", "declined", "called off", "viewed"),
    ("event_id", "meetup_id"),
)


def mark(name: str, when: str, person: int, subject: Any, key: str = "event_id") -> Row:
    return event(name, f"2026-03-{when}", person=person, properties={key: subject})


EVENTS = [
    mark("viewed", "02T09:00", 1, "a"),
    mark("asked", "02T10:00", 1, "a"),
    mark("asked", "02T11:00", 2, "a", "meetup_id"),
    mark("asked", "02T12:00", 3, "a"),
    mark("viewed", "02T13:00", 1, "a"),
    mark("came", "05T18:00", 1, "a"),
    mark("missed", "05T18:00", 2, "a"),
    mark("asked", "06T10:00", 1, 7),
    mark("asked", "06T10:00", 2, 7),
    mark("declined", "06T11:00", 2, 7),
    mark("asked", "06T11:00", 3, 7),
    mark("asked", "07T10:00", 1, "off"),
    mark("called off", "08T10:00", 9, "off"),
    mark("asked", "31T23:00", 1, "late"),
    mark("came", "31T23:30", 2, "late"),
    event("asked", "2026-03-09", person=1),
]


def rows(ask: Ask, events: list[Row]) -> dict[tuple[int, str], dict[str, Any]]:
    found = ask(attendances, QUESTION, events).rows.to_pylist()
    return {(row["person_id"], row["subject"]): row for row in found}


def test_an_outcome_is_what_was_said_or_that_others_came(ask: Ask) -> None:
    found = rows(ask, EVENTS)
    known = {key: row["attended"] for key, row in found.items() if row["known_us"] is not None}
    assert known == {(1, "a"): True, (2, "a"): False, (3, "a"): False}
    assert set(found) - set(known) == {(1, "7"), (2, "7"), (3, "7"), (1, "off"), (1, "late")}


def test_a_request_knows_only_what_lay_before_it(ask: Ask) -> None:
    found = rows(ask, EVENTS)
    first, second = found[1, "a"], found[1, "7"]
    assert (first["past_requests"], first["past_known"], first["views"], first["place"]) == (0, 0, 1, 1)
    assert (second["past_requests"], second["past_known"], second["past_attended"]) == (1, 1, 1)
    assert second["last_attended_us"] == int(at("2026-03-05T18:00").timestamp() * 1e6)
    assert second["last_requested_us"] == int(at("2026-03-02T10:00").timestamp() * 1e6)
    assert found[3, "7"]["place"] == 3


def test_merged_persons_have_one_history(ask: Ask) -> None:
    found = ask(attendances, QUESTION, EVENTS, merged={3: 1}).rows.to_pylist()
    mine = [row for row in found if row["person_id"] == 1 and row["subject"] == "a"]
    assert [row["attended"] for row in mine] == [True]


def test_nothing_asked_is_nothing_found(ask: Ask) -> None:
    assert ask(attendances, QUESTION, []).rows.num_rows == 0
