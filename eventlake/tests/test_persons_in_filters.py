"""Filters by a person's properties and by cohorts, breakdowns by them, cohorts by behaviour, and what pickers offer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from eventlake.analyses.cohort import CohortQuestion, cohort
from eventlake.analyses.filters import All, Condition, Filter, InCohort, Not, Operator
from eventlake.analyses.filters import Any as AnyOf
from eventlake.analyses.funnel import funnel
from eventlake.analyses.funnel_question import FunnelQuestion, FunnelStep
from eventlake.analyses.lifecycle import LifecycleQuestion, lifecycle
from eventlake.analyses.measures import Measure
from eventlake.analyses.paths import paths
from eventlake.analyses.paths_question import PathsQuestion
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.property_lists import (
    PropertyName,
    PropertyNamesQuestion,
    PropertyValuesQuestion,
    ValueKind,
    property_names,
    property_values,
)
from eventlake.analyses.retention import RetentionQuestion, retention
from eventlake.analyses.sessions import SessionsQuestion, sessions
from eventlake.analyses.stickiness import StickinessQuestion, stickiness
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.errors import QuestionError
from eventlake.source import MEMBERS_SCHEMA, PERSONS_SCHEMA
from eventlake.tests.conftest import Ask, ask_source
from eventlake.tests.factory import LAYOUTS, Layout, at, cleared_folder, event, laid_out, shared_engine

MARCH = at("2026-03-01"), at("2026-04-01")
PLAN = Property("plan", Scope.PERSON)
EVENTS = [
    event("view", "2026-03-02T10:00", 1),
    event("buy", "2026-03-02T11:00", 1, properties={"plan": "event's own"}),
    event("view", "2026-03-03T10:00", 2),
    event("view", "2026-03-03T11:00", 3),
    event("view", "2026-03-04T11:00", 4),
    event("view", "2026-03-05T11:00", None),
]
PERSONS = {1: {"plan": "pro", 'odd "name" /~': 1}, 2: {"plan": "free", "age": 30}, 3: {"age": "41"}}


def members(*ids: int) -> pa.Table:
    """Members as a source has them."""
    return pa.table([pa.array(ids, pa.int64())], schema=MEMBERS_SCHEMA)


@pytest.fixture(
    params=[pytest.param(each, id=str(each), marks=pytest.mark.slow) for each in LAYOUTS[:-1]]
    + [pytest.param(LAYOUTS[-1], id=str(LAYOUTS[-1]))]
)
def count(request: pytest.FixtureRequest) -> Any:
    """Counts the events that a filter keeps, wherever they lie. Person 4 counts as 2."""

    def counted(kept: Filter, analysis: Any = trends, question: Any = None, **parts: Any) -> Any:
        question = question or TrendsQuestion(*MARCH, "UTC", (Series(Measure.COUNT),), filter=kept, **parts)
        layout: Layout = request.param
        with cleared_folder() as folder:
            source = laid_out(folder, EVENTS, layout, {4: 2})
            persons = pa.table(
                [list(PERSONS), [json.dumps(value) for value in PERSONS.values()]], schema=PERSONS_SCHEMA
            )
            source = replace(source, persons=persons, cohorts={7: members(1), 8: members(2, 3), 9: members()})
            return ask_source(analysis, question, source, shared_engine())

    return counted


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (Condition(PLAN, Operator.EQ, "pro"), 2),
        (Condition(PLAN, Operator.NE, "pro"), 4),
        (Condition(PLAN, Operator.IN, ("pro", "free")), 4),
        (Condition(PLAN, Operator.NOT_IN, ("pro", "free")), 2),
        (Condition(PLAN, Operator.IS_SET), 4),
        (Condition(PLAN, Operator.IS_NOT_SET), 2),
        (Condition(Property("age", Scope.PERSON), Operator.GT, 35), 1),
        (Condition(Property('odd "name" /~', Scope.PERSON), Operator.EQ, 1), 2),
        (InCohort(7), 2),
        (InCohort(8), 3),
        (InCohort(9), 0),
        (Not(InCohort(8)), 3),
        (Not(InCohort(9)), 6),
        (AnyOf((InCohort(7), InCohort(8))), 5),
        (All((InCohort(8), Condition(PLAN, Operator.EQ, "free"))), 2),
        (Not(All((InCohort(8), Condition(PLAN, Operator.EQ, "free")))), 4),
    ],
)
def test_filters_by_persons(count: Any, kept: Filter, expected: int) -> None:
    assert count(kept).lines[0].total == expected


def test_a_breakdown_by_a_property_of_persons(count: Any) -> None:
    lines = count(All(()), breakdown=Breakdown(PLAN)).lines
    assert {line.breakdown: line.total for line in lines} == {"pro": 2, "free": 2, None: 2}


@pytest.mark.parametrize("kept", [InCohort(8), Condition(Property("age", Scope.PERSON), Operator.IS_SET)])
def test_every_analysis_takes_such_filters(count: Any, kept: Filter) -> None:
    """Persons 2 (who is also 4) and 3 viewed; the buyer is neither."""
    steps = (FunnelStep("view", kept), FunnelStep("buy"))
    assert [step.persons for step in count(kept, funnel, FunnelQuestion(*MARCH, steps, 86_400)).steps] == [
        2,
        0,
    ]
    question: Any = RetentionQuestion(*MARCH, "UTC", "view", "view", periods=1, filter=kept)
    assert sum(found.size for found in count(kept, retention, question).cohorts) == 2
    assert sum(count(kept, lifecycle, LifecycleQuestion(*MARCH, "UTC", filter=kept)).new) == 2
    assert sum(count(kept, stickiness, StickinessQuestion(*MARCH, "UTC", filter=kept)).persons) == 2
    assert count(kept, sessions, SessionsQuestion(*MARCH, "UTC", filter=kept)).figures.sessions == 3
    assert count(kept, paths, PathsQuestion(*MARCH, filter=kept)).links == ()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"event": "view"}, [1, 2, 3]),
        ({"event": "buy"}, [1]),
        ({"at_least": 2}, [1, 2]),
        ({"at_most": 1}, [3]),
        ({"event": "view", "at_least": 2, "at_most": 2}, [2]),
        ({"filter": Condition(Property("plan"), Operator.IS_SET)}, [1]),
        ({"event": "o'clock"}, []),
    ],
)
def test_persons_who_did_something_so_many_times(
    ask: Ask, parts: dict[str, Any], expected: list[int]
) -> None:
    answer = ask(cohort, CohortQuestion(*MARCH, **parts), EVENTS, merged={4: 2})
    assert answer.members.column("member_id").to_pylist() == expected


def test_numbers_that_no_cohort_has() -> None:
    for parts in ({"at_least": 0}, {"at_least": 3, "at_most": 2}):
        with pytest.raises(QuestionError, match="at_least"):
            CohortQuestion(*MARCH, **parts)


def test_properties_for_pickers(ask: Ask) -> None:
    events = [
        event("view", "2026-03-02", properties={"plan": "pro", "n": 1, "/x~y": True, "gone": None}),
        event("view", "2026-03-03", properties={"plan": "5", "n": "2.5"}),
        event("buy", "2026-03-03", properties={"sum": 3}),
        event("buy", "2026-03-04", metadata="{"),
    ]
    answer = ask(property_names, PropertyNamesQuestion(*MARCH, "view"), events)
    assert answer.sampled_events == 2
    assert answer.properties == (
        PropertyName("n", 1.0, ValueKind.NUMBER),
        PropertyName("plan", 1.0, ValueKind.TEXT),
        PropertyName("/x~y", 0.5, ValueKind.BOOLEAN),
    )
    everything = ask(property_names, PropertyNamesQuestion(*MARCH), events)
    assert {prop.name: prop.share for prop in everything.properties} == {
        "n": 0.5, "plan": 0.5, "/x~y": 0.25, "sum": 0.25,
    }  # fmt: skip
    assert ask(property_names, PropertyNamesQuestion(*MARCH), []).properties == ()


def test_values_for_pickers(ask: Ask) -> None:
    cities = ["Berlin", "Bern", "Berlin", "Oslo", None, "BERGEN"]
    events = [event("view", f"2026-03-0{n + 1}", properties={"city": city}) for n, city in enumerate(cities)]
    events.append(event("buy", "2026-03-02", properties={"city": "Rome"}, browser="Firefox"))
    city = Property("city")
    answer = ask(property_values, PropertyValuesQuestion(*MARCH, city), events)
    assert answer.values == (("Berlin", 2), ("BERGEN", 1), ("Bern", 1), ("Oslo", 1), ("Rome", 1))
    answer = ask(property_values, PropertyValuesQuestion(*MARCH, city, "view", search="ber", limit=2), events)
    assert answer.values == (("Berlin", 2), ("BERGEN", 1))
    browser = Property("browser", Scope.COLUMN)
    assert ask(property_values, PropertyValuesQuestion(*MARCH, browser), events).values == (("Firefox", 1),)
    with pytest.raises(QuestionError, match="entries"):
        PropertyValuesQuestion(*MARCH, city, limit=0)
