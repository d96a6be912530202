"""Random streams of events, small and nasty: ties, merged persons, odd names, mixed types, clock changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any as Value

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from eventlake.analyses.filters import All, Any, Condition, Filter, Not, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends_question import Breakdown, Series, TrendsQuestion
from eventlake.periods import Interval
from eventlake.tests.factory import Row, event

#: Instants just before a change of the clocks (or in the middle of nowhere), and a zone where it happens.
CHANGES = (
    ("UTC", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
    ("Europe/Berlin", dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)),
    ("America/New_York", dt.datetime(2026, 10, 31, 20, tzinfo=dt.UTC)),
    ("Australia/Lord_Howe", dt.datetime(2026, 4, 4, 3, tzinfo=dt.UTC)),
    ("Africa/Cairo", dt.datetime(2026, 4, 23, 10, tzinfo=dt.UTC)),
    ("Asia/Kathmandu", dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
    ("America/Santiago", dt.datetime(2026, 9, 5, tzinfo=dt.UTC)),
    ("Asia/Beirut", dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)),
)
NAMES = ("view", 'o\'clock "x"', "größe", "$pageview")
PROPERTIES = ("plan", "a.b", 'say "hi"', "it's", "/x~y", "$set", "naïve 名", "", "'; drop table events; --")
VALUES: tuple[Value, ...] = (
    *(
        None,
        True,
        False,
        0,
        5,
        -3,
        2.5,
        5.0,
        10,
        "5",
        " 5 ",
        "05",
        "10",
        "1e1",
        "abc",
        "ABC",
        "",
        "nan",
        "inf",
    ),
    *("true", "2026-03-01", "2026-04-01", "groß", "5x", "$other", [1, "b"], {"k": 1}),
)
SOUGHT = tuple(value for value in VALUES if isinstance(value, (str, int, float)))


def examples(count: int) -> Callable[[Value], Value]:
    """As many random streams as a quick run bears; the profile "thorough" multiplies them."""
    return settings(
        max_examples=count * settings().max_examples // 100,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


properties = st.dictionaries(st.sampled_from(PROPERTIES), st.sampled_from(VALUES), max_size=4)
merges = st.sampled_from(({}, {2: 1}, {2: 1, 3: 1}, {1: 9}))


@st.composite
def streams(draw: st.DrawFn, start: dt.datetime) -> list[Row]:
    """Up to 25 events in the four days after `start`, many in the same minute."""
    offsets_s = st.one_of(
        st.integers(0, 4 * 86_400),
        st.integers(0, 96).map(lambda n: n * 3600),
        st.integers(0, 9).map(lambda n: n * 1800),
    )
    found = []
    for offset_s in draw(st.lists(offsets_s, max_size=25)):
        found.append(
            event(
                draw(st.sampled_from(NAMES)),
                start + dt.timedelta(seconds=offset_s, microseconds=draw(st.sampled_from((0, 1, 999_999)))),
                person=draw(st.sampled_from((None, 1, 2, 3))),
                session_id=draw(st.sampled_from(("", "", "s1", "s2"))),
                event_type=draw(st.sampled_from(("page_view", "conversion", "user_action"))),
                page_path=draw(st.sampled_from(("", "/a", "/b?x='1'"))),
                browser=draw(st.sampled_from((None, "", "Firefox", "Chrome"))),
                status_code=draw(st.sampled_from((None, 200, 404))),
                revenue_impact=draw(
                    st.sampled_from((None, Decimal("19.99"), Decimal("0.01"), Decimal("-5.00")))
                ),
                conversion_value=draw(st.sampled_from((None, Decimal("0.00"), Decimal("3.00")))),
                properties=draw(properties),
            )
        )
    return found


property_names = st.one_of(
    st.sampled_from(PROPERTIES).map(Property),
    st.sampled_from(("browser", "status_code", "event_name")).map(lambda name: Property(name, Scope.COLUMN)),
)
_texts = st.sampled_from([value for value in SOUGHT if isinstance(value, str)])
_LISTS = (Operator.IN, Operator.NOT_IN)
_TEXTS = (Operator.CONTAINS, Operator.ICONTAINS, Operator.STARTS_WITH)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A condition with any operator and a value that suits it."""
    prop, operator = draw(property_names), draw(st.sampled_from(Operator))
    if operator in (Operator.IS_SET, Operator.IS_NOT_SET):
        return Condition(prop, operator)
    if operator in _LISTS:
        return Condition(prop, operator, tuple(draw(st.lists(st.sampled_from(SOUGHT), max_size=3))))
    if operator in _TEXTS:
        return Condition(prop, operator, draw(_texts))
    if operator is Operator.REGEX:
        return Condition(prop, operator, draw(st.sampled_from(("^5", "a.c", "[0-9]+$", "(?i)abc", ""))))
    sought = st.sampled_from(SOUGHT)
    if operator not in (Operator.EQ, Operator.NE):  # yes and no have no order
        sought = sought.filter(lambda value: not isinstance(value, bool))
    return Condition(prop, operator, draw(sought))


filters: st.SearchStrategy[Filter] = st.recursive(
    conditions(),
    lambda parts: st.one_of(
        parts.map(Not),
        st.lists(parts, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(parts, max_size=3).map(lambda found: Any(tuple(found))),
    ),
    max_leaves=5,
)


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Any measure of any event."""
    return Series(
        draw(st.sampled_from(Measure)),
        event=draw(st.sampled_from((None, *NAMES))),
        prop=draw(property_names),
        filter=draw(st.one_of(st.none(), filters)),
    )


@st.composite
def trends_cases(draw: st.DrawFn) -> tuple[TrendsQuestion, list[Row]]:
    """A question around a change of the clocks, and events before, in and after its range."""
    zone, start = draw(st.sampled_from(CHANGES))
    from_at = start + dt.timedelta(minutes=draw(st.sampled_from((0, 1, 720, 1440))))
    to_at = from_at + dt.timedelta(minutes=draw(st.sampled_from((0, 1, 60, 1440, 3 * 1440))))
    question = TrendsQuestion(
        from_at,
        to_at,
        zone,
        (draw(series()),),
        interval=draw(st.sampled_from(Interval)),
        filter=draw(st.one_of(st.none(), filters)),
        breakdown=draw(st.one_of(st.none(), st.builds(Breakdown, property_names, st.integers(1, 3)))),
    )
    return question, draw(streams(start))
