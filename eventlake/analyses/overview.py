"""Overview: the figures of a range, the same for the range before it, and what happened most.

Source: specification, "Analytics Overview" (total events, users and revenue, active users today,
conversion rate, average session length).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from eventlake.analyses.buckets import bucket_sql
from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.properties import Parameters
from eventlake.analyses.sessions import session_figures
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.periods import Interval, Span, bucket_starts, day_start, find_zone, previous_span
from eventlake.proof import Proof

#: Changes whenever the meaning of a figure does.
DEFINITION = "overview/1"


@dataclass(frozen=True, slots=True)
class OverviewQuestion:
    """A half-open range of instants, in days of a zone.

    `now` says which day today is; `top` how many rows a list has.
    """

    from_at: dt.datetime
    to_at: dt.datetime
    time_zone: str
    now: dt.datetime
    filter: Filter | None = None
    top: int = 10

    @property
    def span(self) -> Span:
        """The range that is asked for."""
        return Span(self.from_at, self.to_at)

    @property
    def today(self) -> Span:
        """The local day in which `now` lies, up to `now`."""
        zone = find_zone(self.time_zone)
        return Span(day_start(self.now.astimezone(zone).date(), zone), self.now)

    @property
    def reads(self) -> Span:
        """The range whose hot rows the source must hold."""
        before = previous_span(self.span, find_zone(self.time_zone))
        return Span(min(before.from_at, self.today.from_at), max(self.to_at, self.now))


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
    """The answer. `events` and `persons` have one entry a bucket; every local day of the range is one."""

    totals: OverviewTotals
    previous: OverviewTotals
    active_persons_today: int
    buckets: tuple[dt.datetime, ...]
    events: tuple[int, ...]
    persons: tuple[int, ...]
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
    span, zone = question.span, find_zone(question.time_zone)
    run = reader.run(DEFINITION)
    figures = _figures(run, span, zone, question.filter)
    before = _figures(run, previous_span(span, zone), zone, question.filter)
    parameters = Parameters()
    kept = filter_sql(question.filter, parameters)
    names = run.rows(statement("overview_names", filter=kept), span, top=question.top, **parameters.values)
    pages = run.rows(statement("overview_pages", filter=kept), span, top=question.top, **parameters.values)
    active = run.rows(statement("overview_active", filter=kept), question.today, **parameters.values)
    return OverviewAnswer(
        totals=figures.totals,
        previous=before.totals,
        active_persons_today=active[0][0],
        buckets=figures.buckets,
        events=figures.events,
        persons=figures.persons,
        top_events=tuple(TopEvent(*row) for row in names),
        top_pages=tuple(TopPage(*row) for row in pages),
        proof=run.proof(),
    )


def _figures(run: Run, span: Span, zone: ZoneInfo, condition: Filter | None) -> _Figures:
    starts = bucket_starts(span, Interval.DAY, zone)
    parameters = Parameters()
    bucket = bucket_sql(starts, span.to_at, parameters)
    kept = filter_sql(condition, parameters)
    rows = run.rows(statement("overview_persons", bucket=bucket, filter=kept), span, **parameters.values)
    by_bucket = {row[0]: row for row in rows}
    _, events, persons, converted, revenue = by_bucket[None]
    sessions = session_figures(run, span, condition)
    totals = OverviewTotals(
        events=events,
        persons=persons,
        revenue=revenue,
        conversion_percent=100 * converted / persons if persons else None,
        sessions=sessions.sessions,
        avg_session_s=sessions.avg_s,
        bounce_ratio=sessions.bounce_ratio,
    )
    days = [by_bucket.get(number, (number, 0, 0)) for number in range(len(starts))]
    return _Figures(totals, starts, tuple(day[1] for day in days), tuple(day[2] for day in days))
