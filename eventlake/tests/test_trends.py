"""Trends by hand: small streams whose answers a reader can check."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.errors import QuestionError
from eventlake.periods import Interval
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import at, event

WEEK = TrendsQuestion(at("2026-03-02"), at("2026-03-05"), "UTC", (Series(Measure.COUNT),))
PLAN = Property("plan")

EVENTS = [
    event("view", "2026-03-01T23:59:59.999999", person=1),
    event("view", "2026-03-02T00:00", person=1, properties={"plan": "pro", "cost": 10}),
    event("view", "2026-03-02T09:00", person=2, properties={"plan": "free", "cost": 1}),
    event(
        "buy",
        "2026-03-02T09:10",
        person=2,
        properties={"plan": "pro", "cost": 4},
        revenue_impact=Decimal("9.90"),
    ),
    event("view", "2026-03-04T10:00", person=1, properties={"plan": "team", "cost": "5"}),
    event("view", "2026-03-04T10:31", person=3, properties={"cost": "much"}),
    event("view", "2026-03-04T23:59:59.999999", person=None, properties={"plan": "free"}),
    event("view", "2026-03-05T00:00", person=4),
]


def values(ask: Ask, measure: Measure, prop: Property | None = None) -> tuple[object, ...]:
    question = replace(WEEK, series=(Series(measure, prop=prop),))
    (line,) = ask(trends, question, EVENTS, merged={3: 1}).lines
    return (*line.values, line.total)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Measure.COUNT, (3, 0, 3, 6)),
        (Measure.PERSONS, (2, 0, 1, 2)),  # 3 is 1; the event without a person counts for none
        (Measure.SESSIONS, (2, 0, 2, 4)),  # 31 minutes of silence on the 4th
        (Measure.PER_PERSON, (1.5, None, 2, 2.5)),
        (Measure.SUM, (15, 0, 5, 20)),
        (Measure.AVG, (5, None, 5, 5)),
        (Measure.MIN, (1, None, 5, 1)),
        (Measure.MAX, (10, None, 5, 10)),
        (Measure.P50, (4, None, 5, 4.5)),
        (Measure.P90, (pytest.approx(8.8), None, 5, pytest.approx(8.5))),
    ],
)
def test_a_measure(ask: Ask, measure: Measure, expected: tuple[object, ...]) -> None:
    assert values(ask, measure, Property("cost")) == expected


def test_a_sum_of_money_is_what_the_cents_add_up_to(ask: Ask) -> None:
    cents = [event("buy", "2026-03-02T09:10", revenue_impact=Decimal("0.10")) for _ in range(30)]
    question = replace(WEEK, series=(Series(Measure.SUM, prop=Property("revenue_impact", Scope.COLUMN)),))
    assert ask(trends, question, cents).lines[0].total == 3.0


@pytest.mark.parametrize(
    ("measure", "expected"),
    [(Measure.SUM, 3), (Measure.AVG, 3), (Measure.MIN, 3), (Measure.MAX, 3), (Measure.P90, 3)],
)
def test_texts_that_read_as_no_finite_number_are_left_out(
    ask: Ask, measure: Measure, expected: float
) -> None:
    costs = ("nan", "inf", "-inf", "1e999", "", "x", True, None, 3)
    events = [event("a", "2026-03-02T10:00", properties={"cost": cost}) for cost in costs]
    question = replace(WEEK, series=(Series(measure, prop=Property("cost")),))
    assert ask(trends, question, events).lines[0].total == expected


def test_values_without_a_total_are_the_last_to_be_kept(ask: Ask) -> None:
    events = [event("a", "2026-03-02T10:00", properties={"plan": "free", "cost": "none"})]
    events += [event("a", "2026-03-02T10:00", properties={"plan": "pro", "cost": -1})]
    question = replace(
        WEEK, series=(Series(Measure.AVG, prop=Property("cost")),), breakdown=Breakdown(PLAN, limit=1)
    )
    lines = ask(trends, question, events).lines
    assert [(line.breakdown, line.total) for line in lines] == [("pro", -1), ("$other", None)]


def test_a_session_id_beats_silence(ask: Ask) -> None:
    events = [
        event("a", "2026-03-02T10:00", session_id="s"),
        event("a", "2026-03-02T18:00", session_id="s"),
        event("a", "2026-03-02T18:01", person=2, session_id="s"),
        event("a", "2026-03-02T18:30"),
        event("a", "2026-03-02T19:00"),
        event("a", "2026-03-02T19:30:00.000001"),
        event("a", "2026-03-02T19:31", person=None),
    ]
    question = replace(WEEK, series=(Series(Measure.SESSIONS),))
    assert ask(trends, question, events).lines[0].values == (3, 0, 0)


def test_a_session_that_a_filter_thins_out_is_still_one(ask: Ask) -> None:
    events = [
        event(name, f"2026-03-02T10:{minute}") for name, minute in (("a", "00"), ("b", "25"), ("a", "50"))
    ]
    question = replace(WEEK, series=(Series(Measure.SESSIONS, event="a"),))
    assert ask(trends, question, events).lines[0].total == 1


def test_series_have_their_own_event_filter_and_label(ask: Ask) -> None:
    pro = Condition(PLAN, Operator.EQ, "pro")
    question = replace(
        WEEK,
        series=(
            Series(Measure.COUNT, "view"),
            Series(Measure.COUNT, filter=pro, label="Pro"),
            Series(Measure.COUNT),
        ),
    )
    lines = ask(trends, question, EVENTS).lines
    assert [(line.label, line.total) for line in lines] == [("view", 5), ("Pro", 2), ("All events", 6)]


def test_the_questions_filter_goes_for_every_series(ask: Ask) -> None:
    question = replace(WEEK, filter=Condition(PLAN, Operator.IS_SET), series=(Series(Measure.COUNT, "view"),))
    assert ask(trends, question, EVENTS).lines[0].total == 4


def test_a_breakdown_keeps_the_largest_and_adds_the_others(ask: Ask) -> None:
    answer = ask(trends, replace(WEEK, breakdown=Breakdown(PLAN, limit=2)), EVENTS)
    assert [(line.breakdown, line.is_other, line.values, line.total) for line in answer.lines] == [
        ("free", False, (1, 0, 1), 2),  # as many as pro: the text decides
        ("pro", False, (2, 0, 0), 2),
        ("$other", True, (0, 0, 2), 2),
    ]


def test_a_breakdown_without_others_has_no_such_line_and_missing_values_come_last(ask: Ask) -> None:
    answer = ask(trends, replace(WEEK, breakdown=Breakdown(PLAN)), EVENTS)
    assert [(line.breakdown, line.total) for line in answer.lines] == [
        ("free", 2),
        ("pro", 2),
        ("team", 1),
        (None, 1),
    ]


def test_persons_of_the_others_are_distinct_over_all_of_them(ask: Ask) -> None:
    events = [event("a", "2026-03-02T10:00", person=n, properties={"plan": "big"}) for n in (1, 2, 3)]
    events += [event("a", "2026-03-02T10:00", person=1, properties={"plan": plan}) for plan in ("x", "y")]
    question = replace(WEEK, series=(Series(Measure.PERSONS),), breakdown=Breakdown(PLAN, limit=1))
    assert [(line.breakdown, line.total) for line in ask(trends, question, events).lines] == [
        ("big", 3),
        ("$other", 1),
    ]


def test_a_value_that_is_called_other_is_told_from_the_others(ask: Ask) -> None:
    events = [event("a", "2026-03-02T10:00", properties={"plan": plan}) for plan in ("$other", "$other", "z")]
    lines = ask(trends, replace(WEEK, breakdown=Breakdown(PLAN, limit=1)), events).lines
    assert [(line.breakdown, line.is_other, line.total) for line in lines] == [
        ("$other", False, 2),
        ("$other", True, 1),
    ]


def test_a_breakdown_of_nothing_has_no_lines(ask: Ask) -> None:
    assert ask(trends, replace(WEEK, breakdown=Breakdown(PLAN)), []).lines == ()


def test_the_period_before_has_the_same_lines_in_its_own_buckets(ask: Ask) -> None:
    events = [
        event("a", "2026-02-28T10:00", properties={"plan": "gone"}),
        event("a", "2026-03-01T10:00", properties={"plan": "pro"}),
        event("a", "2026-03-02T10:00", properties={"plan": "pro"}),
        event("a", "2026-03-04T10:00", properties={"plan": "new"}),
        event("a", "2026-03-04T11:00", properties={"plan": "new"}),
    ]
    question = replace(WEEK, breakdown=Breakdown(PLAN, limit=2), compare_previous=True)
    answer = ask(trends, question, events)
    assert [bucket.date().isoformat() for bucket in answer.previous_buckets] == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
    ]
    assert [(line.breakdown, line.values) for line in answer.lines] == [
        ("new", (0, 0, 2)),
        ("pro", (1, 0, 0)),
        ("$other", (0, 0, 0)),
    ]
    assert [(line.breakdown, line.values) for line in answer.previous] == [
        ("new", (0, 0, 0)),
        ("pro", (0, 0, 1)),
        ("$other", (0, 1, 0)),
    ]


def test_without_comparison_there_is_no_period_before(ask: Ask) -> None:
    answer = ask(trends, WEEK, EVENTS)
    assert (answer.previous, answer.previous_buckets) == (None, None)


def test_a_formula_replaces_its_series_and_never_divides_by_nothing(ask: Ask) -> None:
    question = replace(
        WEEK, series=(Series(Measure.COUNT, "buy"), Series(Measure.COUNT)), formula="A / B * 100"
    )
    (line,) = ask(trends, question, EVENTS).lines
    assert (line.label, line.values) == ("A / B * 100", (pytest.approx(100 / 3), None, 0))
    assert line.total == pytest.approx(100 / 6)


def test_a_formula_over_a_breakdown_takes_the_values_of_its_first_series(ask: Ask) -> None:
    question = replace(
        WEEK,
        series=(Series(Measure.COUNT, "buy"), Series(Measure.COUNT)),
        breakdown=Breakdown(PLAN, limit=1),
        formula="A + B",
    )
    lines = ask(trends, question, EVENTS).lines
    assert [(line.breakdown, line.total) for line in lines] == [("pro", 3), ("$other", 4)]


def test_a_value_that_is_missing_can_be_kept_for_the_other_series(ask: Ask) -> None:
    events = [event("buy", "2026-03-02T10:00"), event("view", "2026-03-02T10:00", properties={"plan": "pro"})]
    events += [event("view", "2026-03-02T11:00", properties={"plan": "pro"})]  # the second's own largest
    question = replace(
        WEEK,
        series=(Series(Measure.COUNT, "buy"), Series(Measure.COUNT)),
        breakdown=Breakdown(PLAN, limit=1),
        formula="B",
    )
    assert [(line.breakdown, line.total) for line in ask(trends, question, events).lines] == [
        (None, 1),
        ("$other", 2),
    ]


def test_hours_of_a_long_night(ask: Ask) -> None:
    events = [event("a", f"2026-10-25T0{hour}:30") for hour in range(3)]  # 02:30, 02:30 again, 03:30
    question = TrendsQuestion(
        at("2026-10-25T00:00"), at("2026-10-25T03:00"), "Europe/Berlin", WEEK.series, interval=Interval.HOUR
    )
    answer = ask(trends, question, events)
    assert [bucket.isoformat() for bucket in answer.buckets] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]
    assert answer.lines[0].values == (1, 1, 1)


def test_an_event_at_2330_is_the_next_day_further_east(ask: Ask) -> None:
    question = replace(
        WEEK, from_at=at("2026-03-02T23:00"), to_at=at("2026-03-03T23:00"), time_zone="Europe/Berlin"
    )
    answer = ask(trends, question, [event("a", "2026-03-02T22:59"), event("a", "2026-03-02T23:30")])
    assert (answer.buckets[0].isoformat(), answer.lines[0].values) == ("2026-03-03T00:00:00+01:00", (1,))


def test_many_months_of_different_length(ask: Ask) -> None:
    events = [event("a", f"2026-{month:02}-01T00:00") for month in range(1, 13)]
    events += [event("a", "2026-02-28T23:59:59.999999"), event("a", "2026-12-31T23:59:59.999999")]
    question = replace(WEEK, from_at=at("2026-01-01"), to_at=at("2027-01-01"), interval=Interval.MONTH)
    assert ask(trends, question, events).lines[0].values == (1, 2, *[1] * 9, 2)


def test_the_range_that_is_read_includes_the_one_compared_with() -> None:
    assert WEEK.reads == WEEK.span
    assert replace(WEEK, compare_previous=True).reads.from_at == at("2026-02-27")


def test_what_cannot_be_asked_is_refused(ask: Ask) -> None:
    with pytest.raises(QuestionError, match="needs a property"):
        Series(Measure.SUM)
    with pytest.raises(QuestionError, match="1 to 100"):
        Breakdown(PLAN, limit=0)
    with pytest.raises(QuestionError, match="1 to 26"):
        replace(WEEK, series=())
    with pytest.raises(QuestionError, match="names series B"):
        ask(trends, replace(WEEK, formula="B"), EVENTS)
    with pytest.raises(QuestionError, match="unknown time zone"):
        ask(trends, replace(WEEK, time_zone="Nowhere"), EVENTS)
