"""Trends: measures a day or week, broken down, filtered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from bench.lake.data import END, START
from bench.lake.shapes import Ours, Question, Row, Sql
from eventlake.analyses.filters import Condition, Filter, Operator
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Breakdown, Series, TrendsAnswer, TrendsQuestion
from eventlake.periods import Interval

CLICKHOUSE_DAY, POSTGRES_DAY = "toDate(timestamp)", "timestamp::date"
CLICKHOUSE_WEEK, POSTGRES_WEEK = "toMonday(timestamp)", "date_trunc('week', timestamp)::date"
PLAN, CITY, DURATION = Property("plan"), Property("city"), Property("duration_ms")


def trend(series: Series, **parts: Any) -> Ours:
    """Our side of a trend over the whole range."""
    question = TrendsQuestion(START, END, "UTC", (series,), **parts)
    rows = _broken_down_rows if question.breakdown else _rows
    return Ours(trends, lambda person: question, rows)


def _rows(answer: TrendsAnswer) -> list[Iterable[Row]]:
    (line,) = answer.lines
    return [[*zip(map(day_of, answer.buckets), line.values, strict=True), (None, line.total)]]


def _broken_down_rows(answer: TrendsAnswer) -> list[Iterable[Row]]:
    rows: list[Row] = []
    for line in answer.lines:
        shown = "$other" if line.is_other else "(none)" if line.breakdown is None else line.breakdown
        rows += [
            (shown, day_of(bucket), value) for bucket, value in zip(answer.buckets, line.values, strict=True)
        ]
        rows.append((shown, None, line.total))
    return [rows]


def day_of(bucket: dt.datetime) -> str:
    """The local day on which a bucket starts."""
    return bucket.date().isoformat()


def _peers(
    file: str, postgres_file: str, clickhouse: str, postgres: str, **slots: str
) -> tuple[tuple[Sql, ...], tuple[Sql, ...]]:
    """Statements of a measure a day; `filter` is the same text for both."""
    common = {"filter": "true", **slots}
    peers = (Sql(file, {"bucket": CLICKHOUSE_DAY, "measure": clickhouse, **common}),)
    return peers, (Sql(postgres_file, {"bucket": POSTGRES_DAY, "measure": postgres, **common}),)


def _sums(clickhouse: str = "count()", postgres: str = "count(*)", **slots: str) -> tuple[Any, Any]:
    return _peers("trend", "trend_sum", clickhouse, postgres, **slots)


def _persons(**slots: str) -> tuple[Any, Any]:
    return _peers("trend", "trend_persons", "uniqExact(person_id)", "", **slots)


def _filtered(condition: Filter) -> Ours:
    return trend(Series(Measure.COUNT, filter=condition))


ONE_EVENT = "event_name = 'meetup_viewed'"

TRENDS = (
    Question("events_a_day", "Events a day", trend(Series(Measure.COUNT)), *_sums()),
    Question(
        "one_event_a_day",
        "One event a day",
        trend(Series(Measure.COUNT, "meetup_viewed")),
        *_sums(filter=ONE_EVENT),
    ),
    Question("persons_a_day", "Persons a day", trend(Series(Measure.PERSONS)), *_persons()),
    Question(
        "persons_of_one_event_a_day",
        "Persons of one event a day",
        trend(Series(Measure.PERSONS, "meetup_viewed")),
        *_persons(filter=ONE_EVENT),
    ),
    Question(
        "persons_a_week",
        "Persons a week",
        trend(Series(Measure.PERSONS), interval=Interval.WEEK),
        (Sql("trend", {"bucket": CLICKHOUSE_WEEK, "measure": "uniqExact(person_id)", "filter": "true"}),),
        (Sql("trend_persons", {"bucket": POSTGRES_WEEK, "filter": "true"}),),
    ),
    Question(
        "sessions_a_day",
        "Sessions a day",
        trend(Series(Measure.SESSIONS)),
        (Sql("trend_sessions"),),
        (Sql("trend_sessions"),),
    ),
    Question(
        "revenue_a_day",
        "Revenue a day",
        trend(Series(Measure.SUM, prop=Property("revenue_impact", Scope.COLUMN))),
        *_sums("sum(revenue_impact)", "sum(revenue_impact)"),
    ),
    Question(
        "breakdown_by_a_column",
        "Events a day by operating system",
        trend(Series(Measure.COUNT), breakdown=Breakdown(Property("os", Scope.COLUMN))),
        (Sql("breakdown", {"value": "nullIf(os, '')"}, keys=2),),
        (Sql("breakdown", {"value": "nullif(os, '')"}, keys=2),),
    ),
    Question(
        "breakdown_by_a_property",
        "Events a day by the 10 most frequent of 300 values of a JSON property",
        trend(Series(Measure.COUNT), breakdown=Breakdown(CITY)),
        (Sql("breakdown", {"value": "metadata.city.:String"}, keys=2),),
        (Sql("breakdown", {"value": "metadata ->> 'city'"}, keys=2),),
    ),
    Question(
        "p90_of_a_property",
        "90th percentile of a JSON number a day",
        trend(Series(Measure.P90, prop=DURATION)),
        (
            Sql(
                "trend",
                {
                    "bucket": CLICKHOUSE_DAY,
                    "measure": "quantileExactInclusive(0.9)(metadata.duration_ms.:Int64)",
                    "filter": "true",
                },
            ),
        ),
        (Sql("trend_percentile", {"value": "(metadata ->> 'duration_ms')::float8"}),),
    ),
    Question(
        "filtered_by_a_property",
        "Events a day where a JSON property equals a value",
        _filtered(Condition(PLAN, Operator.EQ, "pro")),
        (
            Sql(
                "trend",
                {"bucket": CLICKHOUSE_DAY, "measure": "count()", "filter": "metadata.plan.:String = 'pro'"},
            ),
        ),
        (
            Sql(
                "trend_sum",
                {"bucket": POSTGRES_DAY, "measure": "count(*)", "filter": "metadata ->> 'plan' = 'pro'"},
            ),
        ),
    ),
)
