"""Overview: the figures of a range, the same for the range before it, and what happened most.

Source: specification, "Analytics Overview" (total events, users and revenue, active users today,
conversion rate, average session length).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.sessions import session_figures
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.periods import (
    Interval,
    Span,
    day_start,
    find_zone,
    previous_span,
    same_hours_before,
)
from eventlake.proof import Proof
from eventlake.relations import Events, Relation
from eventlake.rollups.daily import Buckets, EventBuckets, EventPersons, PersonBuckets

#: Changes whenever the meaning of a figure does.
DEFINITION = "overview/1"


@dataclass(frozen=True, slots=True)
class OverviewQuestion(RangeQuestion):
    """A half-open range of instants, in buckets of a zone.

    `now` says which day today is; `top` how many rows a list has (0: no lists, which cost more than the figures).
    `before` is the range to compare with; without it the one of equal length that ends where this one starts.
    """

    time_zone: str
    now: dt.datetime
    filter: Filter | None = None
    top: int = 10
    interval: Interval = Interval.DAY
    before: Span | None = None

    @property
    def today(self) -> Span:
        """The local day in which `now` lies, up to `now`."""
        zone = find_zone(self.time_zone)
        return Span(day_start(self.now.astimezone(zone).date(), zone), self.now)

    @property
    def yesterday(self) -> Span:
        """The local day before today, up to the same wall time."""
        return same_hours_before(self.today, 1, find_zone(self.time_zone))

    @property
    def previous(self) -> Span:
        """The range that the answer compares with."""
        if self.before is not None:
            return self.before
        return previous_span(self.span, find_zone(self.time_zone), self.interval)

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        first = min(self.from_at, self.previous.from_at, self.yesterday.from_at)
        return Span(first, max(self.to_at, self.now))


@dataclass(frozen=True, slots=True)
class OverviewTotals:
    """Figures of one range.

    `persons`: distinct merged persons. `conversion_percent`: of those persons, the ones with an event of type
    conversion or a conversion_value above 0; None when there were no persons. `avg_session_s`: from first to
    last event of a session; `bounce_ratio`: sessions of one single event; both None without sessions.
    """

    events: int
    persons: int
    revenue: Decimal
    conversion_percent: float | None
    sessions: int
    avg_session_s: float | None
    bounce_ratio: float | None


@dataclass(frozen=True, slots=True)
class TopEvent:
    """An event name, how often it happened and to how many persons."""

    name: str
    count: int
    persons: int


@dataclass(frozen=True, slots=True)
class TopPage:
    """A page path, its views (events of type page_view) and the persons who viewed it."""

    path: str
    views: int
    persons: int


@dataclass(frozen=True, slots=True)
class OverviewAnswer:
    """The answer. `events` and `persons` have one entry a bucket, and every bucket of the range is there.

    `previous` and the `previous_...` columns are the same for the range before, in its own buckets, whose number
    can differ by one. `active_persons_yesterday` counts up to the wall time that it is now.
    """

    span: Span
    previous_span: Span
    interval: Interval
    totals: OverviewTotals
    previous: OverviewTotals
    active_persons_today: int
    active_persons_yesterday: int
    buckets: tuple[dt.datetime, ...]
    events: tuple[int, ...]
    persons: tuple[int, ...]
    previous_buckets: tuple[dt.datetime, ...]
    previous_events: tuple[int, ...]
    previous_persons: tuple[int, ...]
    top_events: tuple[TopEvent, ...]
    top_pages: tuple[TopPage, ...]
    proof: Proof


@dataclass(frozen=True, slots=True)
class _Figures:
    totals: OverviewTotals
    buckets: tuple[dt.datetime, ...]
    events: tuple[int, ...]
    persons: tuple[int, ...]


def overview(reader: Reader, question: OverviewQuestion) -> OverviewAnswer:
    """The figures of a range. Errors: QuestionError for a range, zone or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    figures = _figures(run, question, question.span)
    before = _figures(run, question, question.previous)
    active, active_before = (_active(run, question, day) for day in (question.today, question.yesterday))
    return OverviewAnswer(
        span=question.span,
        previous_span=question.previous,
        interval=question.interval,
        totals=figures.totals,
        previous=before.totals,
        active_persons_today=active,
        active_persons_yesterday=active_before,
        buckets=figures.buckets,
        events=figures.events,
        persons=figures.persons,
        previous_buckets=before.buckets,
        previous_events=before.events,
        previous_persons=before.persons,
        top_events=_top_events(run, question) if question.top else (),
        top_pages=_top_pages(run, question) if question.top else (),
        proof=run.proof(),
    )


def _top_events(run: Run, question: OverviewQuestion) -> tuple[TopEvent, ...]:
    parameters = Parameters()
    parameters.name("top", question.top)
    sql = statement("overview_names", filter=filter_sql(question.filter, parameters))
    rows = run.rows(
        sql,
        parameters,
        counted=EventBuckets(_buckets(question, question.span), filter=question.filter),
        reached=_reached(question),
    )
    return tuple(TopEvent(*row) for row in rows)


def _reached(question: OverviewQuestion) -> Relation:
    if question.filter is not None:
        return Events(question.span)
    return EventPersons(question.span, find_zone(question.time_zone))


def _top_pages(run: Run, question: OverviewQuestion) -> tuple[TopPage, ...]:
    parameters = Parameters()
    parameters.name("top", question.top)
    sql = statement("overview_pages", filter=filter_sql(question.filter, parameters))
    return tuple(TopPage(*row) for row in run.rows(sql, parameters, events=Events(question.span)))


def _active(run: Run, question: OverviewQuestion, day: Span) -> int:
    if day.from_at == day.to_at:
        return 0
    present = PersonBuckets(_buckets(question, day), filter=question.filter)
    return int(run.rows(statement("overview_active"), Parameters(), present=present)[0][0])


def _figures(run: Run, question: OverviewQuestion, span: Span) -> _Figures:
    buckets = _buckets(question, span)
    counted = EventBuckets(buckets, filter=question.filter)
    present = PersonBuckets(buckets, filter=question.filter)
    events = {row[0]: row for row in run.rows(statement("overview_events"), Parameters(), counted=counted)}
    persons = {row[0]: row for row in run.rows(statement("overview_persons"), Parameters(), present=present)}
    sessions = session_figures(run, span, question.time_zone, condition=question.filter)
    _, count, revenue = events[None]
    _, people, converted = persons[None]
    totals = OverviewTotals(
        events=count,
        persons=people,
        revenue=revenue,
        conversion_percent=100 * converted / people if people else None,
        sessions=sessions.sessions,
        avg_session_s=sessions.avg_s,
        bounce_ratio=sessions.bounce_ratio,
    )
    numbers = range(len(buckets.starts))
    return _Figures(
        totals,
        buckets.starts,
        tuple(events[number][1] if number in events else 0 for number in numbers),
        tuple(persons[number][1] if number in persons else 0 for number in numbers),
    )


def _buckets(question: OverviewQuestion, span: Span) -> Buckets:
    return Buckets.of(span, question.interval, find_zone(question.time_zone))
