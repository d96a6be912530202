"""Sessions: how many, how long, how busy; and what a session is, for every analysis that counts them.

Source: API.md, "sessions": a session is a session_id, or 30 minutes of silence where there is none. Sessions are of
the range: what lies outside of it neither lengthens a session nor joins two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.range_question import RangeQuestion
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.periods import Span, find_zone
from eventlake.proof import Proof
from eventlake.relations import Events
from eventlake.rollups.daily import Days, SessionPieces, SessionRest, SessionRollups, bounds
from eventlake.rollups.kinds import SILENCE_US

#: Changes whenever the meaning of a figure does.
DEFINITION = "sessions/1"

_US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class SessionsQuestion(RangeQuestion):
    """Sessions of a half-open range; with a filter, those with a matching event, measured by matching events alone."""

    time_zone: str
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Sessions of a range, the sum of their lengths (first to last event), those of one single event, their events.

    `median_s`: None where it was not asked for, or without sessions.
    """

    sessions: int
    length_us: int
    bounces: int
    events: int
    median_s: float | None = None

    @property
    def avg_s(self) -> float | None:
        """Mean length in seconds; None when there were no sessions."""
        return self.length_us / self.sessions / _US_PER_S if self.sessions else None

    @property
    def bounce_ratio(self) -> float | None:
        """Share of sessions of one single event; None when there were no sessions."""
        return self.bounces / self.sessions if self.sessions else None

    @property
    def events_per_session(self) -> float | None:
        """Mean number of events; None when there were no sessions."""
        return self.events / self.sessions if self.sessions else None


@dataclass(frozen=True, slots=True)
class SessionsAnswer:
    """The figures and their proof."""

    figures: SessionFigures
    proof: Proof


def sessions(reader: Reader, question: SessionsQuestion) -> SessionsAnswer:
    """The figures of a range. Errors: QuestionError for a range, zone or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    figures = session_figures(
        run, question.span, question.time_zone, condition=question.filter, with_median=True
    )
    return SessionsAnswer(figures, run.proof())


def session_figures(
    run: Run, span: Span, time_zone: str, *, condition: Filter | None = None, with_median: bool = False
) -> SessionFigures:
    """Sessions with at least one matching event; lengths and bounces are of the matching events."""
    parameters = Parameters()
    median = "median(last_us - first_us)" if with_median else "null"
    if condition is not None:
        kept = filter_sql(condition, parameters)
        sql = statement("sessions", sessioned=sessioned_sql(parameters), filter=kept)
        rows = run.rows(sql, parameters, events=Events(span))
    elif (days := Days(run.source, span, find_zone(time_zone))).segments:
        rows = _of_rollups(run, days, median)
    else:
        parameters.name("silence_us", SILENCE_US)
        sql = statement("sessions_of_pieces", runs=statement("session_runs"), median=median)
        rows = run.rows(sql, parameters, pieces=SessionPieces(span, days.zone))
    count, length_us, bounces, events, median_us = rows[0]
    return SessionFigures(
        count, length_us, bounces, events, None if median_us is None else median_us / _US_PER_S
    )


def _of_rollups(run: Run, days: Days, median: str) -> list[tuple[Any, ...]]:
    def shared() -> pa.Table:
        return run.columns(statement("sessions_shared"), Parameters(), pieces=SessionRollups(days))

    run.provide("shared_sessions", tuple(segment.name for segment in days.segments), shared)
    parameters = Parameters()
    parameters.name("silence_us", SILENCE_US)
    sql = statement(
        "sessions_of_rollups", runs=statement("session_runs"), median=median, **bounds(days, parameters)
    )
    return run.rows(
        sql,
        parameters,
        rest=SessionRest(days),
        rollups=SessionRollups(days),
        apart=SessionRollups(days, apart=True),
    )


def sessioned_sql(parameters: Parameters) -> str:
    """The relation of events with their `session_key`; binds what it needs."""
    parameters.name("silence_us", SILENCE_US)
    return statement("sessioned")
