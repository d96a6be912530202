"""What persons do, one row each: by hand, and against the slow way."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.local_time import stretches
from eventlake.analyses.person_behaviour import PersonBehaviourQuestion, person_behaviour
from eventlake.analyses.properties import Property, Scope
from eventlake.periods import Span
from eventlake.tests import oracle
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import Layout, Row, at, event
from eventlake.tests.strategies import CHANGES, examples, merges, streams
from eventlake.tests.test_against_oracle import ask_mixed, layouts

MARCH = PersonBehaviourQuestion(
    at("2026-03-01"),
    at("2026-04-01"),
    "UTC",
    favourites={"names": Property("event_name", Scope.COLUMN), "cities": Property("city")},
)
EVENTS = [
    event("view", "2026-03-02T10:00", session_id="a", properties={"city": "Graz"}, response_time_ms=100),
    event("view", "2026-03-02T10:10", session_id="a", properties={"city": "Graz"}, response_time_ms=300),
    event("buy", "2026-03-20T22:30", event_type="conversion", revenue_impact=Decimal("12.50"), user_id=7),
    event("view", "2026-03-20T23:30", person=2, event_type="error"),
    event("view", "2026-03-20T10:00", person=None),
    event("view", "2026-04-01T00:00"),
]


def first(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.persons.to_pylist()[0]
    return found


def test_a_person_is_added_up(ask: Ask) -> None:
    row = first(ask(person_behaviour, MARCH, EVENTS))
    assert (row["person_id"], row["user_id"], row["events"], row["active_days"]) == (1, 7, 3, 2)
    assert (row["conversions"], row["errors"], row["revenue"], row["avg_response_ms"]) == (1, 0, 12.5, 200)
    assert (row["late_events"], row["late_days"]) == (1, 1)
    assert (row["sessions"], row["length_us"]) == (2, 600 * 1_000_000)
    assert (row["names"], row["names_different"]) == (["view", "buy"], 2)
    assert (row["cities"], row["cities_different"]) == (["Graz"], 1)


def test_each_person_lives_by_a_clock_of_their_own(ask: Ask) -> None:
    question = PersonBehaviourQuestion(
        MARCH.from_at, MARCH.to_at, "Europe/Berlin", zones={2: ZoneInfo("Asia/Kolkata")}
    )
    answer = ask(person_behaviour, question, EVENTS)
    assert [int(row.argmax()) for row in answer.hours] == [
        11,
        5,
    ]  # 10:00 UTC is 11 in Berlin, 23:30 is 05:00 in Kolkata
    assert answer.weekdays.tolist() == [[2, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 1, 0]]


def test_a_few_persons_are_asked_like_all(ask: Ask) -> None:
    question = PersonBehaviourQuestion(
        MARCH.from_at, MARCH.to_at, "UTC", persons=(2, 9), favourites=MARCH.favourites
    )
    answer = ask(person_behaviour, question, EVENTS, merged={1: 2})
    assert [row["events"] for row in answer.persons.to_pylist()] == [4]
    assert first(answer)["cities"] == ["Graz"]
    assert ask(person_behaviour, question, []).persons.num_rows == 0


def test_a_zone_with_a_change_of_clocks_has_two_stretches() -> None:
    span = Span(at("2026-03-28"), at("2026-03-31"))
    found = stretches(span, ZoneInfo("Europe/Berlin"))
    assert [stretch.offset_us // 3_600_000_000 for stretch in found] == [1, 2]
    assert found[1].from_us == int(at("2026-03-29T01:00").timestamp() * 1e6)
    assert stretches(Span(span.from_at, span.from_at), ZoneInfo("Europe/Berlin")) == ()


@pytest.mark.slow
@examples(40)
@given(st.sampled_from(CHANGES), st.data(), merges, layouts)
def test_behaviour_against_the_slow_way(
    change: tuple[str, dt.datetime], data: st.DataObject, merged: dict[int, int], layout: Layout
) -> None:
    name, start = change
    events: list[Row] = data.draw(streams(start))
    few = data.draw(st.sampled_from((None, (1,), (2, 3))))
    to_at = start + dt.timedelta(minutes=data.draw(st.sampled_from((0, 1440, 5000))))
    zones = {2: ZoneInfo("Asia/Kathmandu")} if data.draw(st.booleans()) else {}
    question = PersonBehaviourQuestion(
        start,
        to_at,
        name,
        few,
        zones,
        {"names": Property("event_name", Scope.COLUMN), "plans": Property("plan")},
    )
    answer = ask_mixed(person_behaviour, question, events, merged, layout)
    roots = None if few is None else set(few) - set(merged) | {n for n in few if merged.get(n, n) == n}
    theirs: dict[int, list[Row]] = {}
    for item in oracle.within(events, start, to_at):
        person = oracle.person_of(item, merged)
        if person is not None and (roots is None or person in roots):
            theirs.setdefault(person, []).append(item)
    assert answer.persons.column("person_id").to_pylist() == sorted(theirs)
    for number, row in enumerate(answer.persons.to_pylist()):
        mine = theirs[row["person_id"]]
        clock = zones.get(row["person_id"], ZoneInfo(name))
        local = [item["timestamp"].astimezone(clock) for item in mine]
        assert row["events"] == len(mine)
        assert row["active_days"] == len({instant.date() for instant in local})
        assert Counter({h: n for h, n in enumerate(answer.hours[number]) if n}) == Counter(
            i.hour for i in local
        )
        assert Counter({d: n for d, n in enumerate(answer.weekdays[number]) if n}) == Counter(
            i.weekday() for i in local
        )
        assert row["names_different"] == len({item["event_name"] for item in mine})
        ranked = sorted(
            Counter(item["event_name"] for item in mine).items(), key=lambda pair: (-pair[1], pair[0])
        )
        assert row["names"] == [value for value, _ in ranked[:5]]
        plans = {oracle.text_of(item, Property("plan")) for item in mine} - {None}
        assert row["plans_different"] == len(plans)
