"""Figures of every day of a range at once: what metrics are made of, in one pass however many days there are.

Each function answers for whole local days, in columns: a table with the number of the day in the range (`bucket`) and
its figures. Counts of persons over trailing windows come as changes from one day to the next; `running` sums them up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from eventlake.analyses.buckets import day_number, day_sql
from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.sessions import sessioned_sql
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.relations import Events, Relation, Tracks
from eventlake.rollups.daily import HISTORY_FROM, Buckets, Days, EventBuckets, PersonBuckets, SessionPieces
from eventlake.rollups.kinds import SILENCE_US

#: Changes whenever the meaning of a figure does.
DEFINITION = "daily/1"

MAX_STEPS = 10

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DailyQuestion(RangeQuestion):
    """Every local day of a range that begins with one; `filter` keeps events. The last day may be cut off."""

    time_zone: str
    filter: Filter | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the days."""
        return find_zone(self.time_zone)

    @property
    def buckets(self) -> Buckets:
        """The days."""
        return Buckets.of(self.span, Interval.DAY, self.zone)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The days as dates, ascending; one that the zone skipped is not there."""
        return tuple(start.date() for start in self.buckets.starts)


@dataclass(frozen=True, slots=True)
class DailyHistoryQuestion(DailyQuestion):
    """The same of an answer that also looks at everything before."""

    @property
    def reads(self) -> Span:
        """All time up to the end of the range."""
        return Span(day_start(HISTORY_FROM, self.zone), self.to_at)


@dataclass(frozen=True, slots=True)
class EventsOfDay:
    """Events and revenue of one name, or of one type (all names together), a value a day."""

    events: Column
    revenue: Column


@dataclass(frozen=True, slots=True)
class DailyEvents:
    """By the names that were asked for, and by type; every day has a value, 0 where nothing happened."""

    by_name: Mapping[str, EventsOfDay]
    by_type: Mapping[str, EventsOfDay]
    proof: Proof


def daily_events(reader: Reader, question: DailyQuestion, names: tuple[str, ...]) -> DailyEvents:
    """How often each of these events happened, and all events by type."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("names", list(names))
    counted = EventBuckets(question.buckets, filter=question.filter)
    rows = run.rows(statement("daily_events"), parameters, counted=counted)
    size = len(question.days)
    by_name = {name: _nought(size) for name in names}
    by_type: dict[str, EventsOfDay] = {}
    for bucket, name, kind, events, revenue in rows:
        of_type = by_type.setdefault(kind or "", _nought(size))
        for found in (of_type, *([by_name[name]] if name is not None else ())):
            found.events[bucket] += events
            found.revenue[bucket] += float(revenue)
    return DailyEvents(by_name, by_type, run.proof())


def daily_persons(
    reader: Reader, question: DailyQuestion, windows_days: tuple[int, ...], event: str | None = None
) -> Mapping[int, Column]:
    """Distinct persons of an event (None: any) in the window of so many days that ends with each day, by window."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("windows", sorted(set(windows_days)))
    present = PersonBuckets(question.buckets, event, question.filter)
    rows = run.columns(statement("daily_persons"), parameters, present=present)
    size = len(question.days)
    return {
        window: running(rows.filter(pc.equal(rows["days"], window)), size) for window in set(windows_days)
    }


@dataclass(frozen=True, slots=True)
class ReturnsOfDay:
    """Persons who came first so many days before a day, and those of them who were there on it."""

    size: Column
    returned: Column


def daily_retention(
    reader: Reader, question: DailyHistoryQuestion, distances_days: tuple[int, ...]
) -> Mapping[int, ReturnsOfDay]:
    """By distance. A person's first day is that of their first event ever that the filter keeps."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("distances", sorted(set(distances_days)))
    size = len(question.days)
    found = {distance: ReturnsOfDay(np.zeros(size), np.zeros(size)) for distance in set(distances_days)}
    if not size:
        return found
    present = PersonBuckets(question.buckets.with_history(), None, question.filter)
    rows = run.rows(statement("daily_retention"), parameters, present=present)
    for distance, bucket, persons, returned in rows:
        if bucket < size:
            found[distance].size[bucket] = persons
            found[distance].returned[bucket] = returned
    return found


@dataclass(frozen=True, slots=True)
class SessionsOfDay:
    """Sessions that began on a day, and the sum of their lengths in seconds."""

    sessions: Column
    length_s: Column


def daily_sessions(reader: Reader, question: DailyQuestion) -> SessionsOfDay:
    """Sessions by the day on which they began; with a filter, measured by matching events alone."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    size = len(question.days)
    found = SessionsOfDay(np.zeros(size), np.zeros(size))
    first = day_number(question.days[0]) if size else 0
    place_of = {day_number(day) - first: place for place, day in enumerate(question.days)}
    for day, sessions, length_us in _session_rows(run, question, parameters):
        place = place_of.get(day - first)
        if place is not None:
            found.sessions[place] = sessions
            found.length_s[place] = length_us / 1e6
    return found


def daily_conversions(
    reader: Reader, question: DailyQuestion, steps: tuple[str, ...], window_days: int
) -> Column:
    """Persons who went through all steps in order inside the window of so many days that ends with each day.

    A step may fall together with the one before in time. The window holds the first and the last step of the chain.

    **Errors**: QuestionError for fewer than 2 or more than 10 steps, or one that comes twice.
    """
    if not 2 <= len(steps) <= MAX_STEPS or len(set(steps)) < len(steps):
        raise QuestionError(f"a conversion has 2 to {MAX_STEPS} different steps")
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("steps", list(steps))
    parameters.name("last_step", len(steps))
    parameters.name("window", window_days)
    rows = statement(
        "daily_chain_steps",
        bucket=question.buckets.of_event(parameters),
        filter=filter_sql(question.filter, parameters),
    )
    for step in range(2, len(steps) + 1):
        rows = statement(
            "daily_chain_level",
            step=parameters.bind(step),
            before=f"start_{step - 1}",
            start=f"start_{step}",
            rows=rows,
        )
    sql = statement("daily_chains", start=f"start_{len(steps)}", rows=rows)
    tracks: Relation = Tracks(question.span) if question.filter is None else Events(question.span)
    return running(run.columns(sql, parameters, tracks=tracks), len(question.days))


def running(changes: pa.Table, size: int) -> Column:
    """Changes (columns bucket, change) summed up from day to day."""
    total = np.zeros(size + 1)
    places = np.minimum(changes.column("bucket").to_numpy(), size)
    np.add.at(total, places, changes.column("change").to_numpy())
    return np.cumsum(total)[:size]


def _session_rows(run: Run, question: DailyQuestion, parameters: Parameters) -> list[tuple[int, int, int]]:
    if question.filter is None:
        parameters.name("silence_us", SILENCE_US)
        sql = statement("daily_sessions", runs=statement("session_runs"))
        return run.rows(sql, parameters, pieces=SessionPieces(question.span, question.zone))
    span = Days(run.source, question.span, question.zone).span
    sql = statement(
        "daily_sessions_matching",
        sessioned=sessioned_sql(parameters),
        day=day_sql(span, question.zone, parameters),
        filter=filter_sql(question.filter, parameters),
    )
    return run.rows(sql, parameters, events=Events(question.span))


def _nought(size: int) -> EventsOfDay:
    return EventsOfDay(np.zeros(size), np.zeros(size))
