"""What a session is, for every analysis that counts them.

Source: API.md, "sessions": a session is a session_id, or 30 minutes of silence where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.analyses.filters import Filter, filter_sql
from eventlake.analyses.statements import statement
from eventlake.engine import Run
from eventlake.parameters import Parameters
from eventlake.periods import Span
from eventlake.relations import Events

#: A longer silence ends a session that has no id.
SILENCE_US = 30 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Sessions of a range, the sum of their lengths (first to last event), and those of one single event."""

    sessions: int
    length_us: int
    bounces: int

    @property
    def avg_s(self) -> float | None:
        """Mean length in seconds; None when there were no sessions."""
        return self.length_us / self.sessions / 1_000_000 if self.sessions else None

    @property
    def bounce_ratio(self) -> float | None:
        """Share of sessions of one single event; None when there were no sessions."""
        return self.bounces / self.sessions if self.sessions else None


def sessioned_sql(parameters: Parameters) -> str:
    """The relation of events with their `session_key`; binds what it needs."""
    parameters.name("silence_us", SILENCE_US)
    return statement("sessioned")


def session_figures(run: Run, span: Span, condition: Filter | None) -> SessionFigures:
    """Sessions with at least one matching event; lengths and bounces are of the matching events."""
    parameters = Parameters()
    kept = filter_sql(condition, parameters)
    sql = statement("sessions", sessioned=sessioned_sql(parameters), filter=kept)
    return SessionFigures(*run.rows(sql, parameters, events=Events(span))[0])
