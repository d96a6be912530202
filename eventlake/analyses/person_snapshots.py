"""Persons as they were at past cutoffs, with what they did next: what predictions learn from and are asked about.

A row sees nothing at or after its cutoff but the two outcomes, `returned` and `converted`, so nothing leaks. Days are
local days; a cutoff is the start of one. Source of the columns: `analytics.ai_services.learning.churn_features`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from eventlake.analyses.buckets import day_number, day_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.errors import QuestionError
from eventlake.parameters import Parameters
from eventlake.periods import Interval, Span, day_start, find_zone
from eventlake.proof import Proof
from eventlake.relations import Access, Relation
from eventlake.rollups.daily import Buckets, Days, PersonBuckets
from eventlake.rollups.persons import EventsOfPersons, nodes_of

#: Changes whenever the meaning of a column does.
DEFINITION = "person_snapshots/1"

MAX_CUTOFFS = 40


@dataclass(frozen=True, slots=True)
class PersonSnapshotsQuestion(RangeQuestion):
    """Persons at the start of each of these local days, of the events from `from_at` on.

    `to_at` ends what is read: with it at the last cutoff nothing later is seen at all. A horizon is a number of days;
    who was silent for more than `silence_days` before a cutoff is left out there. `persons` keeps a few of them.
    """

    time_zone: str
    cutoffs: tuple[dt.date, ...]
    horizon_days: int
    silence_days: int
    persons: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.cutoffs) <= MAX_CUTOFFS:
            raise QuestionError(f"from 1 to {MAX_CUTOFFS} cutoffs")
        if self.horizon_days < 1 or self.silence_days < 1:
            raise QuestionError("a horizon and a silence last a day or more")


@dataclass(frozen=True, slots=True)
class PersonSnapshots:
    """One row a cutoff and person, both ascending. **Units**: days before the cutoff, 1 being the day before it."""

    rows: pa.Table
    proof: Proof


def person_snapshots(reader: Reader, question: PersonSnapshotsQuestion) -> PersonSnapshots:
    """All snapshots in one pass over person days. Errors: QuestionError for a range or zone that cannot be asked."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    parameters.name("cutoffs", [day_number(day) for day in question.cutoffs])
    parameters.name("horizon", question.horizon_days)
    parameters.name("quarter", max(round(question.horizon_days / 4), 1))
    parameters.name("silence", question.silence_days)
    days: Relation = PersonDays(question.span, question.time_zone)
    if question.persons is not None:
        nodes = nodes_of(run.source, question.persons)
        run.give("person_nodes", nodes)
        days = _DaysOfNodes(question.span, question.time_zone, tuple(nodes.column("person_id").to_pylist()))
    rows = run.columns(statement("person_snapshots"), parameters, days=days)
    return PersonSnapshots(rows, run.proof())


@dataclass(frozen=True, slots=True)
class GapsQuestion(RangeQuestion):
    """The gaps between active days of a half-open range."""

    time_zone: str


def median_gap_days(reader: Reader, question: GapsQuestion) -> float | None:
    """The usual number of days from one active day of a person to their next; None where nobody came twice."""
    run = reader.run("person_gaps/1")
    days = PersonDays(question.span, question.time_zone)
    found = run.rows(statement("person_gaps"), Parameters(), days=days)[0][0]
    return None if found is None else float(found)


@dataclass(frozen=True, slots=True)
class PersonDays:
    """Who was there on which local day: day (since 1970), person_id, events, has_converted."""

    span: Span
    time_zone: str

    def sql(self, access: Access, parameters: Parameters) -> str:
        """From rollups where they hold."""
        zone = find_zone(self.time_zone)
        span = Days(access.source, self.span, zone).span  # from the earliest event on
        first = span.from_at.astimezone(zone).date()
        whole = Span(min(day_start(first, zone).astimezone(dt.UTC), span.to_at), span.to_at)
        buckets = Buckets.of(whole, Interval.DAY, zone)
        days = PersonBuckets(buckets).sql(access, parameters)
        return statement("person_days_numbered", days=days, first=parameters.bind(day_number(first)))


@dataclass(frozen=True, slots=True)
class _DaysOfNodes:
    """The same for a few persons, from their own events."""

    span: Span
    time_zone: str
    nodes: tuple[int, ...]

    def sql(self, access: Access, parameters: Parameters) -> str:
        """Grouped by the local day."""
        events = EventsOfPersons(self.span, self.nodes).sql(access, parameters)
        span = Days(access.source, self.span, find_zone(self.time_zone)).span
        day = day_sql(span, find_zone(self.time_zone), parameters)
        rows = statement("person_days_of_events", day=day, filter="true", events=events)
        return statement("person_days_grouped", days=rows)
