"""What is judged and what comes back: a series, the settings, one judgement a period.

Plain frozen values, without Django and without a clock: the caller says when now is. Values are floats with nan for a
gap. Everything else in this package takes and gives these.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: `minutes` is any step under an hour; such a series may be irregular.
Interval = Literal["minutes", "hour", "day", "week"]
Method = Literal["seasonal", "zscore"]
Severity = Literal["", "medium", "high", "critical"]
Direction = Literal["up", "down"]
Measure = Literal["auto", "count", "amount"]
Status = Literal["judged", "judged_by_week", "not_enough_data"]


@dataclass(frozen=True)
class Series:
    """A metric over time.

    **Shape**: `starts` ascending, one for each value: dates, or aware datetimes whose zone is the one that days are
    counted in. Days and weeks stand at a regular step; `filled` makes them so. `values` may hold nan for a gap.
    **Errors**: `ValueError` for lengths that differ, naive or unordered starts, an infinite value.
    """

    starts: tuple[dt.date, ...]
    values: Floats
    interval: Interval = "day"

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        object.__setattr__(self, "values", values)
        if len(self.starts) != len(values):
            raise ValueError("a series has one start for each value")
        if np.isinf(values).any():
            raise ValueError("a series has no infinite value: nan is a gap")
        if any(isinstance(start, dt.datetime) and start.tzinfo is None for start in self.starts):
            raise ValueError("starts are dates or aware datetimes")
        if any(later <= earlier for earlier, later in zip(self.starts, self.starts[1:], strict=False)):
            raise ValueError("starts ascend")
        if self.interval in ("day", "week"):
            step = 1 if self.interval == "day" else 7
            ordinals = np.fromiter((day_of(start).toordinal() for start in self.starts), np.int64)
            if (np.diff(ordinals) != step).any():
                raise ValueError("days and weeks stand at a regular step: use Series.filled")

    @classmethod
    def filled(cls, values: Mapping[dt.date, float], interval: Literal["day", "week"] = "day") -> Series:
        """The series of a mapping by date, with nan where a period is missing."""
        if not values:
            return cls((), np.empty(0), interval)
        step = dt.timedelta(days=1 if interval == "day" else 7)
        first, last = min(values), max(values)
        starts = tuple(first + step * n for n in range((last - first) // step + 1))
        return cls(starts, np.array([values.get(start, math.nan) for start in starts]), interval)

    def closed(self, now: dt.datetime | None) -> Series:
        """Without the periods that still run at `now`; all of it for None.

        Units: `now` is aware. Where starts are dates, its own zone says which day it is.
        """
        count = len(self.starts)
        while now is not None and count and not self._is_closed(count - 1, now):
            count -= 1
        return Series(self.starts[:count], self.values[:count], self.interval)

    def known(self) -> Series:
        """From the first known value on; empty where there is none."""
        places = np.flatnonzero(np.isfinite(self.values))
        first = int(places[0]) if len(places) else len(self.values)
        return Series(self.starts[first:], self.values[first:], self.interval)

    def _is_closed(self, number: int, now: dt.datetime) -> bool:
        start = self.starts[number]
        if isinstance(start, dt.datetime):
            end = start + self._length(number)  # zoneinfo adds days by the wall, as a calendar does
            return end.astimezone(dt.UTC) <= now.astimezone(dt.UTC)
        return start + self._length(number) <= now.date()

    def _length(self, number: int) -> dt.timedelta:
        lengths = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(days=7)}
        if self.interval != "minutes":
            return lengths[self.interval]
        steps = [b - a for a, b in zip(self.starts[-50:], self.starts[-49:], strict=False)]
        return sorted(steps)[len(steps) // 2] if steps else dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Settings:
    """How a series is judged. What is None has the default of the method.

    **Units**: `threshold` and `shift_threshold` in robust standard deviations; `refractory_days` is how long one
    incident stays one alarm (of the seasonal method, for days and finer steps). `holidays` are days, of the series'
    zone, that are neither judged nor learned from.
    **Errors**: `ValueError` for a threshold that is not above zero.
    """

    method: Method = "seasonal"
    threshold: float | None = None
    shift_threshold: float | None = None
    refractory_days: float | None = None
    holidays: frozenset[dt.date] = field(default_factory=frozenset)
    measure: Measure = "auto"

    def __post_init__(self) -> None:
        if any(limit is not None and limit <= 0 for limit in (self.threshold, self.shift_threshold)):
            raise ValueError("a threshold is above zero")


@dataclass(frozen=True)
class Judgement:
    """What one period's value was found to be.

    **Units**: `expected`, `lower` and `upper` in the metric's own unit; `z_score` in robust standard deviations of the
    scale that it was judged on, cut at ±99; `interval` is the length of the period. `is_anomaly`: beyond the band.
    `is_alarm`: worth telling, the first of its incident. `kind` is `shift` where several periods were judged together
    (the note says how many): `z_score` is then theirs, and the value alone may lie within its band.
    """

    start: dt.date
    value: float
    expected: float
    lower: float
    upper: float
    z_score: float
    is_anomaly: bool
    severity: Severity
    direction: Direction
    kind: Literal["point", "shift"]
    method: str
    note: str = ""
    is_alarm: bool = False
    interval: Interval = "day"


@dataclass(frozen=True)
class Judged:
    """All judgements of a series, oldest first, and whether there was enough to judge by."""

    status: Status
    judgements: tuple[Judgement, ...]
    note: str = ""

    @property
    def anomalies(self) -> tuple[Judgement, ...]:
        """Periods beyond their band."""
        return tuple(found for found in self.judgements if found.is_anomaly)

    @property
    def alarms(self) -> tuple[Judgement, ...]:
        """One for each incident."""
        return tuple(found for found in self.judgements if found.is_alarm)


def day_of(start: dt.date) -> dt.date:
    """The calendar day that a period starts on, in its own zone."""
    return start.date() if isinstance(start, dt.datetime) else start
