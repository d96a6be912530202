"""Filters: each operator by hand, names that try to be SQL, and limits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any as Value

import pytest

from eventlake.analyses.filters import All, Any, Condition, Filter, Not, Operator, Scalar, filter_sql
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.engine import Engine
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.conftest import Ask, ask_source
from eventlake.tests.factory import FRESH, START, Row, at, event, mixed_source, seal_events

NASTY = (
    "a.b",
    'say "hi"',
    "it's",
    "/slash~tilde",
    "$set",
    "",
    "naïve 名",
    "'; drop table events; --",
    "back\\slash",
    "new\nline",
    "$.a[0]",
    "*",
    "0",
)


class Kept:
    """Asks which of some events a filter keeps; events that were asked about before are not sealed again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[int, tuple[Engine, Source, list[Row]]] = {}

    def __call__(self, condition: Filter, events: list[Row]) -> list[int]:
        """Numbers of the kept events, which are their names."""
        if id(events) not in self._sources:
            folder = self._folder / str(len(self._sources))
            source = mixed_source(folder, events[::2], events[1::2])
            self._sources[id(events)] = (Engine(str(folder)), source, events)
        engine, source, _ = self._sources[id(events)]
        question = TrendsQuestion(
            START,
            START + dt.timedelta(days=1),
            "UTC",
            (Series(Measure.COUNT, filter=condition),),
            breakdown=Breakdown(Property("event_name", Scope.COLUMN), limit=100),
        )
        with engine.read(source) as reader:
            return sorted(int(line.breakdown or -1) for line in trends(reader, question).lines)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("filters"))


def numbered(*properties: dict[str, Value]) -> list[Row]:
    return [event(str(number), START, properties=found) for number, found in enumerate(properties)]


SIZES = numbered(
    {"size": 5},
    {"size": "5"},
    {"size": 5.0},
    {"size": "small"},
    {"size": None},
    {},
    {"size": True},
    {"size": ""},
)


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Operator.EQ, 5, [0, 1, 2]),
        (Operator.EQ, "5", [0, 1]),
        (Operator.EQ, True, [6]),
        (Operator.EQ, "", [7]),
        (Operator.NE, 5, [3, 4, 5, 6, 7]),
        (Operator.NE, "small", [0, 1, 2, 4, 5, 6, 7]),
        (Operator.IN, ("small", 5), [0, 1, 2, 3]),
        (Operator.IN, (), []),
        (Operator.NOT_IN, ("small", 5), [4, 5, 6, 7]),
        (Operator.NOT_IN, (), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Operator.GT, 4, [0, 1, 2]),
        (Operator.GT, 5, []),
        (Operator.GTE, "5", [0, 1, 2]),
        (Operator.LT, 5.5, [0, 1, 2]),
        (Operator.LTE, 5, [0, 1, 2]),
        (Operator.GTE, "sm", [3, 6]),
        (Operator.CONTAINS, "mal", [3]),
        (Operator.CONTAINS, "MAL", []),
        (Operator.ICONTAINS, "MAL", [3]),
        (Operator.STARTS_WITH, "sm", [3]),
        (Operator.REGEX, "^(small|5)$", [0, 1, 3]),
        (Operator.IS_SET, None, [0, 1, 2, 3, 6, 7]),
        (Operator.IS_NOT_SET, None, [4, 5]),
    ],
)
def test_an_operator_on_a_property(
    kept: Kept, operator: Operator, value: Scalar | tuple[Scalar, ...] | None, expected: list[int]
) -> None:
    assert kept(Condition(Property("size"), operator, value), SIZES) == expected


COLUMNS = [
    event("0", START, browser="Firefox", status_code=200, sentiment_score=0.5),
    event("1", START, browser="", status_code=404, sentiment_score=-0.5),
    event("2", START, browser=None, created_at=at("2026-03-05T00:00")),
]


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("browser", Operator.EQ, "Firefox", [0]),
        ("browser", Operator.NE, "Firefox", [1, 2]),
        ("browser", Operator.IS_SET, None, [0]),
        ("browser", Operator.EQ, "", []),
        ("browser", Operator.IN, ("", "Firefox"), [0]),
        ("status_code", Operator.EQ, 404, [1]),
        ("status_code", Operator.EQ, "404", [1]),
        ("status_code", Operator.EQ, "4O4", []),
        ("status_code", Operator.STARTS_WITH, "4", [1]),
        ("status_code", Operator.NOT_IN, (404, "200"), [2]),
        ("sentiment_score", Operator.GT, 0, [0]),
        ("created_at", Operator.GT, "2026-03-04", [2]),
        ("created_at", Operator.EQ, "2026-03-05T01:00:00+01:00", [2]),
        ("created_at", Operator.LT, dt.datetime(2026, 3, 5, tzinfo=dt.UTC), [0, 1]),
    ],
)
def test_an_operator_on_a_column(
    kept: Kept,
    name: str,
    operator: Operator,
    value: Scalar | tuple[Scalar, ...] | None,
    expected: list[int],
) -> None:
    assert kept(Condition(Property(name, Scope.COLUMN), operator, value), COLUMNS) == expected


AB = numbered({"a": 1, "b": 1}, {"a": 1}, {})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (All(()), [0, 1, 2]),
        (Any(()), []),
        (Not(All(())), []),
        (All((Condition(Property("a"), Operator.EQ, 1), Condition(Property("b"), Operator.EQ, 1))), [0]),
        (Any((Condition(Property("a"), Operator.EQ, 1), Condition(Property("b"), Operator.EQ, 1))), [0, 1]),
        (Not(Condition(Property("b"), Operator.EQ, 1)), [1, 2]),
        (Not(Condition(Property("b"), Operator.NE, 1)), [0]),
        (
            Not(All((Condition(Property("a"), Operator.EQ, 1), Condition(Property("b"), Operator.EQ, 1)))),
            [1, 2],
        ),
        (Not(Not(Any((Condition(Property("b"), Operator.IS_SET),)))), [0]),
    ],
)
def test_conditions_combine_and_not_means_every_other_event(
    kept: Kept, condition: Filter, expected: list[int]
) -> None:
    assert kept(condition, AB) == expected


NAMED = numbered(*({other: other for other in NASTY if other != name} | {"a": {"b": 1}} for name in NASTY))


@pytest.mark.parametrize("name", NASTY)
def test_any_property_name_is_only_a_name(kept: Kept, name: str) -> None:
    number = NASTY.index(name)  # the one event that does not have it
    assert kept(Condition(Property(name), Operator.NE, name), NAMED) == [number]
    assert kept(Condition(Property(name), Operator.IS_NOT_SET), NAMED) == [number]


def test_any_event_name_and_breakdown_value_is_only_text(ask: Ask) -> None:
    names = [name for name in NASTY if name]
    question = TrendsQuestion(
        START,
        START + dt.timedelta(days=1),
        "UTC",
        tuple(Series(Measure.COUNT, event=name) for name in names),
        breakdown=Breakdown(Property("it's")),
    )
    events = [event(name, START, properties={"it's": name}) for name in names]
    answer = ask(trends, question, [*events, event("x", START, properties={"it's": "x"})])
    assert [(line.label, line.breakdown, line.total) for line in answer.lines] == [(n, n, 1) for n in names]


@pytest.mark.parametrize("values", [("",), ("", ""), ("", None), ("x", "")])
def test_an_empty_column_equals_nothing_even_where_a_file_holds_nothing_else(
    tmp_path: Path, values: tuple[str | None, ...]
) -> None:
    lake = Lake(tmp_path)
    seal_events(lake, [event(str(number), START, browser=text) for number, text in enumerate(values)])
    browser = Property("browser", Scope.COLUMN)
    for sought in (("",), ("", "x")):
        question = TrendsQuestion(
            START,
            START + dt.timedelta(days=1),
            "UTC",
            (Series(Measure.COUNT, filter=Condition(browser, Operator.IN, sought)),),
        )
        answer = ask_source(trends, question, Source.sealed_only(lake.snapshot(), FRESH))
        assert answer.lines[0].total == sum(text == "x" and "x" in sought for text in values)


def test_one_row_with_broken_json_costs_no_other_its_answer(kept: Kept) -> None:
    events = [*numbered({"a": 1}), event("1", START, metadata="{broken"), event("2", START, metadata="")]
    assert kept(Condition(Property("a"), Operator.EQ, 1), events) == [0]
    assert kept(Condition(Property("a"), Operator.IS_NOT_SET), events) == [1, 2]


TEXTS = numbered(*({"a": text} for text in ("nan", "inf", "-inf", "Infinity", "1e999")))


@pytest.mark.parametrize("operator", [Operator.GT, Operator.LT, Operator.NE, Operator.EQ])
def test_texts_that_only_look_like_numbers_are_in_no_order(kept: Kept, operator: Operator) -> None:
    found = kept(Condition(Property("a"), operator, 1), TEXTS)
    assert found == ([0, 1, 2, 3, 4] if operator is Operator.NE else [])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Condition(Property("a"), Operator.EQ), "takes one value"),
        (Condition(Property("a"), Operator.EQ, (1,)), "takes one value"),
        (Condition(Property("a"), Operator.IN, 1), "takes a list"),
        (Condition(Property("a"), Operator.IN, (1,) * 1001), "at most 1000"),
        (Condition(Property("a"), Operator.GT, float("nan")), "finite"),
        (Condition(Property("a"), Operator.EQ, 10**400), "finite"),
        (Condition(Property("a"), Operator.EQ, "x" * 10_001), "characters"),
        (Condition(Property("timestamp", Scope.COLUMN), Operator.GT, "yesterday"), "not an instant"),
        (All((Condition(Property("a"), Operator.IS_SET),) * 200), "at most 200"),
    ],
)
def test_what_cannot_be_asked_is_refused(condition: Filter, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        filter_sql(condition, Parameters())


def test_a_tree_that_is_too_deep_is_refused() -> None:
    node: Filter = Condition(Property("a"), Operator.IS_SET)
    for _ in range(5000):
        node = Not(node)
    with pytest.raises(QuestionError, match="deep"):
        filter_sql(node, Parameters())


def test_a_pattern_that_is_none_is_refused(kept: Kept) -> None:
    with pytest.raises(QuestionError):
        kept(Condition(Property("a"), Operator.REGEX, "("), numbered({"a": "x"}))


def test_columns_that_do_not_exist_are_refused() -> None:
    for name in ("ip_address", "metadata", "insert_xid", "id; drop table events"):
        with pytest.raises(QuestionError, match="no column"):
            Property(name, Scope.COLUMN)
    with pytest.raises(QuestionError, match="characters"):
        Property("x" * 1001)
