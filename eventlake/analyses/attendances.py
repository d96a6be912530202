"""Who asked for a place at what, what was known of them then, and whether they came.

A subject (a meetup, a class, an appointment) is what a property of its events says it is. Source: issue of attendance
predictions; a request without an outcome of its own counts as missed once others came.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from eventlake.analyses.buckets import epoch_us
from eventlake.analyses.properties import Property, text_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader
from eventlake.parameters import Parameters
from eventlake.proof import Proof
from eventlake.relations import Events

#: Changes whenever the meaning of a column does.
DEFINITION = "attendances/1"

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AttendanceNames:
    """What the host calls the events."""

    requested: str
    attended: str
    missed: str
    declined: str
    cancelled: str
    viewed: str


@dataclass(frozen=True, slots=True)
class AttendancesQuestion(RangeQuestion):
    """Requests of a half-open range. `subjects`: properties that name the subject, the first that is there counts."""

    names: AttendanceNames
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attendances:
    """One row a person and subject, in the order of requests.

    **Shape**: person_id, subject, requested_us, known_us (when the outcome came to be known; null: not yet, or it was
    declined or called off), attended, past_requests, past_known, past_attended, last_attended_us, last_requested_us
    (null: never; all five of what lies before the request), views (of the subject before it), place (1: the first who
    asked). **Units**: microseconds since 1970.
    """

    rows: pa.Table
    proof: Proof


def attendances(reader: Reader, question: AttendancesQuestion) -> Attendances:
    """All requests of the range. Errors: QuestionError for a range that cannot be asked."""
    run = reader.run(DEFINITION)
    parameters = Parameters()
    names = question.names
    for name in ("requested", "attended", "missed", "declined", "cancelled", "viewed"):
        parameters.name(name, getattr(names, name))
    given = (names.requested, names.attended, names.missed, names.declined, names.cancelled, names.viewed)
    parameters.name("names", list(given))
    parameters.name("day_us", _DAY // dt.timedelta(microseconds=1))
    parameters.name("now_us", epoch_us(question.span.to_at))
    texts = [text_sql(Property(name), parameters) for name in question.subjects]
    sql = statement("attendances", subject=f"nullif(coalesce({', '.join(texts)}), '')")
    rows = run.columns(sql, parameters, events=Events(question.span))
    return Attendances(rows, run.proof())
