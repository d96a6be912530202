"""What metrics are made of: measures with a value a day, which add, divide and look back.

A measure says what it needs (`need`), so that all metrics together ask for it once, and makes its column of values from
what was found. A value that cannot be told (a rate of nothing) is nan. Names of events are the project's own, or a
`Known` one, which the project may call something else, or say by the empty name that it does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.event_names import Known, own_name

if TYPE_CHECKING:
    from analytics.metrics.figures import Figures, Needs
    from eventlake.analyses.daily import Column

Name = str | Known


class Measure:
    """A value a day. `history_days`: how many days before the first one it looks at."""

    history_days = 0

    def parts(self) -> Iterator[Measure]:
        """The measures that it is made of."""
        return iter(())

    def need(self, needs: Needs) -> None:
        """Say what has to be asked for."""
        for part in self.parts():
            part.need(needs)

    def values(self, figures: Figures) -> Column:
        """A value for every day of the figures."""
        raise NotImplementedError

    def __add__(self, other: Measure) -> Measure:
        return _Sum(self, other)

    def __sub__(self, other: Measure) -> Measure:
        return _Sum(self, other, sign=-1.0)

    def __truediv__(self, other: Measure) -> Quotient:
        return Quotient(self, other)


class Count(Measure):
    """Events of any of these names; without a name all events, or those of an `event_type`."""

    def __init__(self, *events: Name, event_type: str | None = None) -> None:
        self.events = events
        self.event_type = event_type

    def need(self, needs: Needs) -> None:
        """Their names."""
        needs.names.update(_own(self.events))

    def values(self, figures: Figures) -> Column:
        """0 on a day without one."""
        if self.events:
            return _total([figures.named(name).events for name in _own(self.events)], figures)
        return figures.of_type(self.event_type).events


class Revenue(Measure):
    """The sum of `revenue_impact`, of events of these names or of all."""

    def __init__(self, *events: Name) -> None:
        self.events = events

    def need(self, needs: Needs) -> None:
        """Their names."""
        needs.names.update(_own(self.events))

    def values(self, figures: Figures) -> Column:
        """0 on a day without any."""
        if self.events:
            return _total([figures.named(name).revenue for name in _own(self.events)], figures)
        return figures.of_type(None).revenue


class Persons(Measure):
    """Distinct persons with an event (of this name, or any) in the window of so many days that ends with the day."""

    def __init__(self, event: Name | None = None, days: int = 1) -> None:
        self.event = event
        self.days = days
        self.history_days = days - 1

    def need(self, needs: Needs) -> None:
        """The window."""
        if self.event is None or _own((self.event,)):
            needs.windows.setdefault(self._name, set()).add(self.days)

    def values(self, figures: Figures) -> Column:
        """0 where there was nobody."""
        if self.event is not None and not self._name:
            return figures.nothing()
        return figures.persons(self._name, self.days)

    @property
    def _name(self) -> str | None:
        return None if self.event is None else next(iter(_own((self.event,))), "")


class CameFirst(Measure):
    """Persons whose first event ever lies exactly so many days before the day."""

    def __init__(self, days: int) -> None:
        self.days = self.history_days = days

    def need(self, needs: Needs) -> None:
        """The distance."""
        needs.distances.add(self.days)

    def values(self, figures: Figures) -> Column:
        """The size of the group that could return."""
        return figures.returns(self.days).size


class Returned(CameFirst):
    """Those of them who were there on the day."""

    def values(self, figures: Figures) -> Column:
        """Never more than `CameFirst`."""
        return figures.returns(self.days).returned


class Sessions(Measure):
    """Sessions that began on the day."""

    def values(self, figures: Figures) -> Column:
        """A session is a session id, or a person's events without a silence of more than 30 minutes."""
        return figures.sessions.sessions


class SessionSeconds(Measure):
    """The lengths of the sessions that began on the day, summed up, in seconds."""

    def values(self, figures: Figures) -> Column:
        """From first to last event."""
        return figures.sessions.length_s


class Converted(Measure):
    """Persons who went through these steps in order inside the window of so many days that ends with the day.

    A step that the project does not have is passed over.
    """

    def __init__(self, *steps: Name, days: int = 30) -> None:
        self.steps = steps
        self.days = days
        self.history_days = days - 1

    def values(self, figures: Figures) -> Column:
        """0 where nobody did."""
        steps = tuple(_own(self.steps))
        if len(steps) < 2:
            return figures.nothing()
        return figures.conversions(steps, self.days)


class PropertyOf(Measure):
    """A number in a property of events: `measure` is sum, avg, min, max, p50, p90, p95 or p99.

    `column` names a column of events instead of a property of theirs.
    """

    def __init__(self, measure: str, *, prop: str = "", column: str = "", event: Name | None = None) -> None:
        self.measure = measure
        self.prop = prop
        self.column = column
        self.event = event

    def values(self, figures: Figures) -> Column:
        """nan on a day without such an event."""
        event = None if self.event is None else next(iter(_own((self.event,))), "")
        if event == "":
            return figures.unknown()
        return figures.property_of(self.measure, self.prop, self.column, event)


@dataclass(frozen=True)
class Trailing(Measure):
    """The sum of a measure over the window of so many days that ends with the day."""

    measure: Measure
    days: int
    back: int = 0  # days by which the window is moved back

    @property
    def history_days(self) -> int:  # type: ignore[override]
        """As far as the window reaches."""
        return self.measure.history_days + self.days - 1 + self.back

    def parts(self) -> Iterator[Measure]:
        """The measure."""
        yield self.measure

    def values(self, figures: Figures) -> Column:
        """A running difference of sums."""
        values = np.concatenate([[0.0], np.cumsum(np.nan_to_num(self.measure.values(figures)))])
        ends = np.arange(1, len(values)) - self.back
        starts = np.maximum(ends - self.days, 0)
        sums: Column = values[np.maximum(ends, 0)] - values[starts]
        return sums


@dataclass(frozen=True)
class Quotient(Measure):
    """One measure over another, times a factor; nan where the lower one is 0."""

    upper: Measure
    lower: Measure
    factor: float = 1.0

    @property
    def history_days(self) -> int:  # type: ignore[override]
        """As far as both look."""
        return max(part.history_days for part in self.parts())

    def parts(self) -> Iterator[Measure]:
        """Both."""
        yield self.upper
        yield self.lower

    def values(self, figures: Figures) -> Column:
        """The quotient a day."""
        upper, lower = self.upper.values(figures), self.lower.values(figures)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Column = np.where(lower != 0, self.factor * upper / lower, np.nan)
        return found


def Percent(upper: Measure, lower: Measure) -> Quotient:  # noqa: N802 (reads as the measures beside it)
    """One measure as percent of another."""
    return Quotient(upper, lower, 100.0)


def Growth(measure: Measure, days: int = 30) -> Quotient:  # noqa: N802 (reads as the measures beside it)
    """By how many percent the last so many days are above those before them."""
    before = Trailing(measure, days, back=days)
    return Percent(Trailing(measure, days) - before, before)


@dataclass(frozen=True)
class _Sum(Measure):
    first: Measure
    second: Measure
    sign: float = 1.0

    @property
    def history_days(self) -> int:  # type: ignore[override]
        return max(part.history_days for part in self.parts())

    def parts(self) -> Iterator[Measure]:
        yield self.first
        yield self.second

    def values(self, figures: Figures) -> Column:
        total: Column = self.first.values(figures) + self.sign * self.second.values(figures)
        return total


def _own(names: tuple[Name, ...]) -> list[str]:
    """What the project calls these events; those that it does not have are left out."""
    found = [own_name(name) if isinstance(name, Known) else name for name in names]
    return [name for name in found if name]


def _total(columns: list[Any], figures: Figures) -> Column:
    return sum(columns, start=figures.nothing())
