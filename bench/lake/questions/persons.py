"""One person's timeline, a cohort by behaviour, and the values that a picker offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np

from bench.lake.data import END, START
from bench.lake.shapes import Ours, Question, Row, Sql
from eventlake.analyses.cohort import CohortAnswer, CohortQuestion, cohort
from eventlake.analyses.person_timeline import PersonEventsAnswer, PersonEventsQuestion, person_events
from eventlake.analyses.properties import Property
from eventlake.analyses.property_lists import PropertyValuesAnswer, PropertyValuesQuestion, property_values

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_TIMES = 3


def _timeline(person: int) -> PersonEventsQuestion:
    return PersonEventsQuestion(START, END, person)


def _timeline_rows(answer: PersonEventsAnswer) -> list[Iterable[Row]]:
    rows = [
        ((event.timestamp - _EPOCH) // _MICROSECOND, event.event_name, event.columns["session_id"] or "")
        for event in answer.events
    ]
    return [sorted(rows, key=lambda row: (-row[0], row[1]))]


def _cohort_rows(answer: CohortAnswer) -> list[Iterable[Row]]:
    members = answer.members.column("member_id").to_numpy()
    return [[("cohort", len(members), int(np.sum(members)))]]


def _values_rows(answer: PropertyValuesAnswer) -> list[Iterable[Row]]:
    return [answer.values]


_COHORT = CohortQuestion(START, END, "meetup_viewed", at_least=_TIMES)
_VALUES = PropertyValuesQuestion(START, END, Property("city"), "page_view", limit=50)
_COHORT_SQL = (Sql("cohort", {"times": str(_TIMES)}),)

PERSONS = (
    Question(
        "person_timeline",
        "The newest 50 events of one busy person",
        Ours(person_events, _timeline, _timeline_rows),
        (Sql("timeline"),),
        (Sql("timeline"),),
    ),
    Question(
        "cohort_by_behaviour",
        "Persons who viewed a meetup three times or more",
        Ours(cohort, lambda person: _COHORT, _cohort_rows),
        _COHORT_SQL,
        _COHORT_SQL,
    ),
    Question(
        "property_values",
        "The 50 most frequent values of a JSON property of one event",
        Ours(property_values, lambda person: _VALUES, _values_rows),
        (Sql("property_values", {"value": "metadata.city.:String"}),),
        (Sql("property_values", {"value": "metadata ->> 'city'"}),),
    ),
)
