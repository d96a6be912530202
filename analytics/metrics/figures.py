"""What the measures of all metrics need, asked for once, inside one reading of the lake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from eventlake.analyses.daily import (
        Column,
        DailyEvents,
        DailyHistoryQuestion,
        EventsOfDay,
        ReturnsOfDay,
        SessionsOfDay,
    )
    from eventlake.engine import Reader


@dataclass
class Needs:
    """Names of events; windows in days by the event whose persons are counted (None: any); distances of returns."""

    names: set[str] = field(default_factory=set)
    windows: dict[str | None, set[int]] = field(default_factory=dict)
    distances: set[int] = field(default_factory=set)


class Figures:
    """Columns with a value for each day of a question. Each kind is asked for when the first measure wants it."""

    def __init__(self, reader: Reader, question: DailyHistoryQuestion, needs: Needs) -> None:
        self._reader = reader
        self._question = question
        self._needs = needs
        self._persons: dict[str | None, Mapping[int, Column]] = {}
        self._conversions: dict[tuple[tuple[str, ...], int], Column] = {}
        self.size = len(question.days)

    def nothing(self) -> Column:
        """0 on each day."""
        return np.zeros(self.size)

    def unknown(self) -> Column:
        """No value on any day."""
        return np.full(self.size, np.nan)

    def named(self, name: str) -> EventsOfDay:
        """Events of a name that was needed."""
        return self._events.by_name[name]

    def of_type(self, event_type: str | None) -> EventsOfDay:
        """Events of a type; None for all."""
        from eventlake.analyses.daily import EventsOfDay

        found = [of for kind, of in self._events.by_type.items() if event_type in (None, kind)]
        return EventsOfDay(
            sum((of.events for of in found), start=self.nothing()),
            sum((of.revenue for of in found), start=self.nothing()),
        )

    def persons(self, event: str | None, days: int) -> Column:
        """Distinct persons of a trailing window."""
        from eventlake.analyses.daily import daily_persons

        if event not in self._persons:
            windows = tuple(self._needs.windows[event])
            self._persons[event] = daily_persons(self._reader, self._question, windows, event)
        return self._persons[event][days]

    def returns(self, days: int) -> ReturnsOfDay:
        """Persons who came first so many days before, and who returned."""
        return self._returns[days]

    def conversions(self, steps: tuple[str, ...], days: int) -> Column:
        """Persons who went through the steps."""
        from eventlake.analyses.daily import daily_conversions

        key = (steps, days)
        if key not in self._conversions:
            self._conversions[key] = daily_conversions(self._reader, self._question, steps, days)
        return self._conversions[key]

    def property_of(self, measure: str, prop: str, column: str, event: str | None) -> Column:
        """A measure of a number in events, a day."""
        from eventlake.analyses.measures import Measure
        from eventlake.analyses.properties import Property, Scope
        from eventlake.analyses.trends import trends
        from eventlake.analyses.trends_question import Series, TrendsQuestion

        where = Property(column, Scope.COLUMN) if column else Property(prop)
        asked = self._question
        question = TrendsQuestion(
            asked.from_at,
            asked.to_at,
            asked.time_zone,
            (Series(Measure(measure), event, where),),
            filter=asked.filter,
        )
        values = trends(self._reader, question).lines[0].values
        return np.array([np.nan if value is None else float(value) for value in values], dtype=float)

    @cached_property
    def sessions(self) -> SessionsOfDay:
        """Sessions by the day on which they began."""
        from eventlake.analyses.daily import daily_sessions

        return daily_sessions(self._reader, self._question)

    @cached_property
    def _events(self) -> DailyEvents:
        from eventlake.analyses.daily import daily_events

        return daily_events(self._reader, self._question, tuple(sorted(self._needs.names)))

    @cached_property
    def _returns(self) -> Mapping[int, ReturnsOfDay]:
        from eventlake.analyses.daily import daily_retention

        return daily_retention(self._reader, self._question, tuple(self._needs.distances))
