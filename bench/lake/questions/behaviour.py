"""Retention, lifecycle, stickiness, sessions and paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bench.lake.data import END, START
from bench.lake.questions.trends import (
    CLICKHOUSE_DAY,
    CLICKHOUSE_WEEK,
    POSTGRES_DAY,
    POSTGRES_WEEK,
    day_of,
)
from bench.lake.shapes import Ours, Question, Row, Sql
from eventlake.analyses.lifecycle import LifecycleAnswer, LifecycleQuestion, lifecycle
from eventlake.analyses.paths import paths
from eventlake.analyses.paths_question import PathsAnswer, PathsQuestion
from eventlake.analyses.retention import RetentionAnswer, RetentionKind, RetentionQuestion, retention
from eventlake.analyses.sessions import SessionsAnswer, SessionsQuestion, sessions
from eventlake.analyses.stickiness import StickinessAnswer, StickinessQuestion, stickiness
from eventlake.periods import Interval

_BUCKETS = {
    Interval.DAY: (CLICKHOUSE_DAY, POSTGRES_DAY, "1"),
    Interval.WEEK: (CLICKHOUSE_WEEK, POSTGRES_WEEK, "7"),
}


def _always(question: Any) -> Callable[[int], Any]:
    return lambda person: question


def _retention_rows(answer: RetentionAnswer) -> list[Iterable[Row]]:
    rows: list[Row] = []
    for cohort in answer.cohorts:
        start = day_of(cohort.start)
        rows.append((start, -1, cohort.size))
        rows += [(start, period, persons) for period, persons in enumerate(cohort.returned)]
    return [rows]


def _retention(interval: Interval, kind: RetentionKind, periods: int) -> Question:
    clickhouse, postgres, days = _BUCKETS[interval]
    cohorts = "buckets" if kind is RetentionKind.RECURRING else "[arrayMin(buckets)]"
    slots = {"event": "page_view", "days": days, "periods": str(periods)}
    question = RetentionQuestion(
        START, END, "UTC", "page_view", "page_view", interval=interval, periods=periods, kind=kind
    )
    name = "daily" if interval is Interval.DAY else "weekly"
    return Question(
        f"retention_{name}_{kind}",
        f"Retention, {name}, {kind.replace('_', ' ')}, {periods} periods",
        Ours(retention, _always(question), _retention_rows),
        (Sql("retention", {"bucket": clickhouse, "cohorts": cohorts, **slots}, keys=2),),
        (Sql(f"retention_{kind}", {"bucket": postgres, **slots}, keys=2),),
    )


def _lifecycle_rows(answer: LifecycleAnswer) -> list[Iterable[Row]]:
    figures = (answer.new, answer.returning, answer.resurrecting, answer.dormant)
    return [zip(map(day_of, answer.buckets), *figures, strict=True)]


def _lifecycle(interval: Interval) -> Question:
    clickhouse, postgres, days = _BUCKETS[interval]
    question = LifecycleQuestion(START, END, "UTC", interval=interval)
    name = "daily" if interval is Interval.DAY else "weekly"
    return Question(
        f"lifecycle_{name}",
        f"Lifecycle, {name}",
        Ours(lifecycle, _always(question), _lifecycle_rows),
        (Sql("lifecycle", {"bucket": clickhouse, "days": days}),),
        (Sql("lifecycle", {"bucket": postgres, "days": days}),),
    )


def _stickiness_rows(answer: StickinessAnswer) -> list[Iterable[Row]]:
    return [zip(answer.counts, answer.persons, strict=True)]


def _sessions_rows(answer: SessionsAnswer) -> list[Iterable[Row]]:
    found = answer.figures
    row = (found.sessions, found.avg_s, found.median_s, found.events_per_session, found.bounce_ratio)
    return [[("all", *row)]]


def _paths_rows(answer: PathsAnswer) -> list[Iterable[Row]]:
    return [[(link.step, link.source, link.target, link.persons, link.count) for link in answer.links]]


BEHAVIOUR = (
    _retention(Interval.WEEK, RetentionKind.FIRST_TIME, 8),
    _retention(Interval.WEEK, RetentionKind.RECURRING, 8),
    _retention(Interval.DAY, RetentionKind.FIRST_TIME, 14),
    Question(
        "retention_weekly_two_events",
        "Retention, weekly, first time, another event returns",
        Ours(
            retention,
            _always(
                RetentionQuestion(
                    START, END, "UTC", "meetup_viewed", "meetup_requested", interval=Interval.WEEK
                )
            ),
            _retention_rows,
        ),
        (Sql("retention_two_events", keys=2),),
        (Sql("retention_two_events", keys=2),),
    ),
    _lifecycle(Interval.WEEK),
    _lifecycle(Interval.DAY),
    Question(
        "stickiness",
        "Stickiness: days of a week",
        Ours(stickiness, _always(StickinessQuestion(START, END, "UTC")), _stickiness_rows),
        (Sql("stickiness"),),
        (Sql("stickiness"),),
    ),
    Question(
        "sessions",
        "Sessions: number, mean and median length, events, bounces",
        Ours(sessions, _always(SessionsQuestion(START, END, "UTC")), _sessions_rows),
        (Sql("sessions"),),
        (Sql("sessions"),),
    ),
    Question(
        "paths",
        "Paths: 50 largest links of the first 5 steps of sessions",
        Ours(paths, _always(PathsQuestion(START, END)), _paths_rows),
        (Sql("paths", keys=3),),
        (Sql("paths", keys=3),),
    ),
)
