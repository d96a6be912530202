"""Funnels, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventlake.analyses import funnel as funnel_module
from eventlake.analyses.filters import Condition, Operator
from eventlake.analyses.funnel import funnel, funnel_persons
from eventlake.analyses.funnel_matching import Rows, Rules, match
from eventlake.analyses.funnel_question import (
    Attribution,
    Exclusion,
    FunnelAnswer,
    FunnelPersonsQuestion,
    FunnelQuestion,
    FunnelStep,
    Order,
)
from eventlake.analyses.funnel_steps import match_by_steps
from eventlake.analyses.properties import Property
from eventlake.analyses.trends_question import Breakdown
from eventlake.errors import QuestionError
from eventlake.tests.conftest import Ask
from eventlake.tests.factory import Row, at, event

VIEW, ADD, PAY = FunnelStep("view"), FunnelStep("add"), FunnelStep("pay")
QUESTION = FunnelQuestion(at("2026-03-02"), at("2026-03-09"), (VIEW, ADD, PAY), window_s=3600)


def day(person: int | None, *moments: tuple[str, str], **columns: object) -> list[Row]:
    """Events of a person on one day."""
    return [event(name, f"2026-03-02T{when}", person, **columns) for name, when in moments]


def persons(answer: FunnelAnswer) -> list[int]:
    return [step.persons for step in answer.steps]


def test_who_is_behind_a_step(ask: Ask) -> None:
    events = [
        *day(1, ("view", "10:00"), ("add", "10:10"), ("pay", "10:20")),
        *day(2, ("view", "10:00"), ("add", "10:30")),
        *day(3, ("view", "10:00")),
        *day(4, ("add", "10:00")),
    ]

    def behind(step: int, *, has_reached: bool) -> tuple[int, ...]:
        question = FunnelPersonsQuestion.of(QUESTION, step, has_reached=has_reached)
        return ask(funnel_persons, question, events, merged={5: 3}).persons

    assert [behind(step, has_reached=True) for step in (1, 2, 3)] == [(1, 2, 3), (1, 2), (1,)]
    assert [behind(step, has_reached=False) for step in (2, 3)] == [(3,), (2,)]


@pytest.mark.parametrize(("step", "has_reached"), [(0, True), (4, True), (1, False)])
def test_a_step_that_there_is_not_has_nobody_behind_it(step: int, has_reached: bool) -> None:
    with pytest.raises(QuestionError, match="step"):
        FunnelPersonsQuestion.of(QUESTION, step, has_reached=has_reached)


def test_steps_in_order_within_the_window(ask: Ask) -> None:
    events = [
        *day(1, ("view", "10:00"), ("add", "10:10"), ("pay", "11:00")),
        *day(2, ("view", "10:00"), ("add", "10:30"), ("pay", "11:00:01")),  # a second too late
        *day(3, ("add", "10:00"), ("view", "10:01"), ("pay", "10:02")),  # add lies before
        *day(4, ("add", "10:00"), ("pay", "10:01")),  # never entered
        *day(None, ("view", "10:00"), ("add", "10:10")),  # nobody
    ]
    answer = ask(funnel, QUESTION, events)
    assert persons(answer) == [3, 2, 1]
    assert [step.conversion_ratio for step in answer.steps] == [1.0, 2 / 3, 1 / 3]
    assert [step.previous_ratio for step in answer.steps] == [1.0, 2 / 3, 0.5]
    assert [step.median_s for step in answer.steps] == [None, 1200.0, 3000.0]
    assert answer.groups is None
    assert answer.proof.definition == "funnel/1"


def test_the_window_counts_from_any_entry_not_from_the_first_alone(ask: Ask) -> None:
    events = day(1, ("view", "08:00"), ("view", "10:30"), ("add", "10:40"), ("pay", "11:20"))
    answer = ask(funnel, QUESTION, events)
    assert persons(answer) == [1, 1, 1]
    assert [step.median_s for step in answer.steps] == [None, 600.0, 2400.0]


def test_of_entries_that_got_equally_far_the_earliest_is_timed(ask: Ask) -> None:
    events = day(1, ("view", "10:00"), ("view", "10:05"), ("add", "10:10"))
    assert ask(funnel, QUESTION, events).steps[1].median_s == 600.0


def test_events_of_one_instant_stand_in_the_helpful_order(ask: Ask) -> None:
    events = day(1, ("pay", "10:00"), ("add", "10:00"), ("view", "10:00"))
    answer = ask(funnel, QUESTION, events)
    assert persons(answer) == [1, 1, 1]
    assert answer.steps[2].median_s == 0.0


def test_one_event_does_one_step(ask: Ask) -> None:
    twice = replace(QUESTION, steps=(VIEW, VIEW))
    events = [*day(1, ("view", "10:00")), *day(2, ("view", "10:00"), ("view", "10:01"))]
    assert persons(ask(funnel, twice, events)) == [2, 1]


def test_events_of_one_instant_that_could_do_several_steps(ask: Ask) -> None:
    """The view with a plan has to be the third step, so that the other one can be the first."""
    planned = FunnelStep("view", Condition(Property("plan"), Operator.IS_SET))
    question = replace(QUESTION, steps=(VIEW, ADD, planned))
    events = [
        *day(1, ("view", "10:00"), properties={"plan": "pro"}),
        *day(1, ("view", "10:00"), ("add", "10:00")),
    ]
    assert persons(ask(funnel, question, events)) == [1, 1, 1]


def test_strict_allows_nothing_in_between(ask: Ask) -> None:
    events = [
        *day(1, ("view", "10:00"), ("add", "10:10"), ("pay", "10:20")),
        *day(2, ("view", "10:00"), ("scroll", "10:05"), ("add", "10:10")),
        *day(
            3, ("view", "10:00"), ("view", "10:05"), ("add", "10:10"), ("scroll", "10:11"), ("pay", "10:12")
        ),
    ]
    assert persons(ask(funnel, replace(QUESTION, order=Order.STRICT), events)) == [3, 2, 1]


def test_any_order(ask: Ask) -> None:
    events = [
        *day(1, ("pay", "10:00"), ("add", "10:10"), ("view", "10:20")),
        *day(2, ("add", "10:00"), ("view", "10:30")),
        *day(3, ("pay", "10:00"), ("view", "11:00:01")),  # too far apart
        *day(4, ("pay", "10:00")),  # not the first step
    ]
    answer = ask(funnel, replace(QUESTION, order=Order.UNORDERED), events)
    assert persons(answer) == [3, 2, 1]


def test_an_exclusion_between_its_steps_voids_the_entry(ask: Ask) -> None:
    question = replace(QUESTION, exclusions=(Exclusion("help", 1, 2),))
    events = [
        *day(1, ("view", "10:00"), ("help", "10:05"), ("add", "10:10")),
        *day(2, ("view", "10:00"), ("add", "10:10"), ("help", "10:15"), ("pay", "10:20")),
        *day(3, ("view", "10:00"), ("help", "10:05")),  # never reached the step: not in between
        *day(4, ("view", "10:00"), ("help", "10:05"), ("view", "10:06"), ("add", "10:10")),  # enters again
    ]
    assert persons(ask(funnel, question, events)) == [3, 2, 1]


def test_a_breakdown_by_the_first_or_the_last_event(ask: Ask) -> None:
    events = [
        *day(1, ("view", "10:00"), properties={"plan": "free"}),
        *day(1, ("add", "10:10"), properties={"plan": "pro"}),
        *day(2, ("view", "10:00"), properties={"plan": "free"}),
        *day(3, ("view", "10:00"), properties={"plan": "team"}),
        *day(4, ("view", "10:00")),
    ]
    question = replace(QUESTION, breakdown=Breakdown(Property("plan"), limit=2))

    def groups(answer: FunnelAnswer) -> list[tuple[str | None, bool, list[int]]]:
        return [(g.value, g.is_other, [step.persons for step in g.steps]) for g in answer.groups]

    assert groups(ask(funnel, question, events)) == [
        ("free", False, [2, 1, 0]),
        ("team", False, [1, 0, 0]),
        ("$other", True, [1, 0, 0]),
    ]
    assert groups(ask(funnel, replace(question, attribution=Attribution.LAST), events)) == [
        ("free", False, [1, 0, 0]),
        ("pro", False, [1, 1, 0]),
        ("$other", True, [2, 0, 0]),
    ]


def test_merged_persons_go_through_together(ask: Ask) -> None:
    events = [*day(1, ("view", "10:00")), *day(2, ("add", "10:10"))]
    assert persons(ask(funnel, QUESTION, events, merged={2: 1})) == [1, 1, 0]


def test_nothing_of_nothing(ask: Ask) -> None:
    answer = ask(funnel, QUESTION, [])
    assert persons(answer) == [0, 0, 0]
    assert [step.conversion_ratio for step in answer.steps] == [None] * 3


def test_parts_never_divide_a_person(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        item for person in range(1, 40) for item in day(person, ("view", "10:00"), ("add", f"10:{person:02}"))
    ]
    whole = ask(funnel, QUESTION, events)
    monkeypatch.setattr(funnel_module, "_PART_ROWS", 7)
    assert ask(funnel, QUESTION, events).steps == whole.steps
    assert persons(whole) == [39, 39, 0]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"steps": (VIEW,)}, "2 to 20 steps"),
        ({"window_s": 0}, "window of a funnel"),
        ({"exclusions": (Exclusion("help", 2, 2),)}, "between two steps"),
        ({"exclusions": (Exclusion("help", 0, 1),)}, "between two steps"),
        ({"exclusions": (Exclusion("add", 1, 2),)}, "cannot be an exclusion"),
        ({"exclusions": (Exclusion("help", 1, 2),), "order": Order.UNORDERED}, "need an order"),
        ({"exclusions": (Exclusion("help", 1, 2),) * 9}, "at most 8"),
    ],
)
def test_what_cannot_be_asked(part: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        replace(QUESTION, **part)


@pytest.mark.parametrize("sizes", [(400, 400, 400), (900, 90, 9), (9, 90, 900), (500, 0, 20)])
@pytest.mark.parametrize("seed", range(5))
def test_steps_as_columns_match_as_rows_do(sizes: tuple[int, ...], seed: int) -> None:
    chance = np.random.default_rng(seed)
    bits = np.repeat([1, 2, 4], sizes)
    rows = Rows(chance.integers(5, 60, len(bits)), chance.integers(1, 3_000, len(bits)), bits)
    rules = Rules(3, 200, Order.ORDERED)
    expected, found = match(rows, rules, with_places=False), match_by_steps(rows, rules)
    assert found is not None
    assert found.levels.tolist() == expected.levels.tolist()
    for number in range(3):
        reached = expected.levels > number
        passed = [m.at_us[reached, number] - m.at_us[reached, 0] for m in (expected, found)]
        assert passed[0].tolist() == passed[1].tolist()


def test_events_of_two_steps_are_not_for_columns() -> None:
    rows = Rows(np.array([1, 1]), np.array([1, 2]), np.array([3, 1]))
    assert match_by_steps(rows, Rules(2, 200, Order.ORDERED)) is None
    assert match_by_steps(rows.take(np.array([1])), Rules(2, 200, Order.STRICT)) is None
