"""Random streams: funnels agree with trying every way to give steps to events."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.funnel import funnel
from eventlake.analyses.funnel_question import Attribution, Exclusion, FunnelQuestion, FunnelStep, Order
from eventlake.analyses.properties import Property
from eventlake.analyses.trends_question import Breakdown
from eventlake.tests import oracle_funnel
from eventlake.tests.factory import START, Layout, Row, event
from eventlake.tests.strategies import examples, merges
from eventlake.tests.test_against_oracle import ask_mixed, layouts

pytestmark = pytest.mark.slow  # some seconds each

NAMES = ("view", "add", "p\"a'y", "größe")
PLAN = Property("plan")
conditions = st.sampled_from((None, None, None, Condition(PLAN, Operator.EQ, "x")))


@st.composite
def questions(draw: st.DrawFn) -> FunnelQuestion:
    """Up to four steps, also the same event twice, within seconds to minutes."""
    order = draw(st.sampled_from(Order))
    steps = draw(
        st.lists(st.builds(FunnelStep, st.sampled_from(NAMES[:3]), conditions), min_size=2, max_size=4)
    )
    exclusions: tuple[Exclusion, ...] = ()
    if order is not Order.UNORDERED and draw(st.booleans()):
        from_step = draw(st.integers(1, len(steps) - 1))
        exclusions = (Exclusion(NAMES[3], from_step, draw(st.integers(from_step + 1, len(steps)))),)
    return FunnelQuestion(
        START,
        START + dt.timedelta(minutes=draw(st.sampled_from((1, 5, 20)))),
        tuple(steps),
        draw(st.sampled_from((1, 60, 200, 1000))),
        order,
        exclusions,
        draw(st.sampled_from((None, Breakdown(PLAN)))),
        draw(st.sampled_from(Attribution)),
        draw(conditions),
    )


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    """Up to 14 events within minutes, many at the same instant."""
    return [
        event(
            draw(st.sampled_from(NAMES)),
            START + dt.timedelta(seconds=draw(st.sampled_from((0, 0, 1, 30, 30, 60, 61, 120, 290, 600)))),
            person=draw(st.sampled_from((1, 1, 1, 2, 3, None))),
            properties=draw(st.sampled_from(({}, {"plan": "x"}, {"plan": "y"}))),
        )
        for _ in range(draw(st.integers(0, 14)))
    ]


@examples(150)
@given(questions(), streams(), merges, st.one_of(layouts))
def test_funnel(question: FunnelQuestion, events: list[Row], merged: dict[int, int], layout: Layout) -> None:
    answer = ask_mixed(funnel, question, events, merged, layout)
    found = oracle_funnel.persons(question, events, merged)
    expected = oracle_funnel.figures(question, [times for times, _ in found.values()])
    assert [(step.persons, step.median_s) for step in answer.steps] == expected
    if question.breakdown is not None and all(len(values) == 1 for _, values in found.values()):
        sizes = Counter(value for _, values in found.values() for value in values)
        assert {group.value: group.steps[0].persons for group in answer.groups} == sizes
