"""The hour-of-day or hour-of-week pattern of a series, known from days that are over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from analytics.ai_services.anomalies.series import Floats, day_of

#: A pattern is used once it has left at most half of the squared deviations of the days before.
WORTH_RATIO = 0.5
#: Whole days before a pattern may be used; what a pattern is drawn from; how fast its record fades, per day.
LEAST_DAYS, MEMORY_DAYS, FADING = 5, 28, 0.9
#: A pattern of few days is pulled towards none, as if by this many days without one.
DOUBT_DAYS = 1.0


@dataclass(frozen=True)
class Pattern:
    """What the hour is guessed to add to each value, from which value on there is a guess, and where it may be used."""

    added: Floats
    first: int
    is_proven: np.ndarray[tuple[int], np.dtype[np.bool_]]


def patterns(starts: Sequence[dt.date], values: Floats) -> tuple[Pattern, ...]:
    """The hour of the day and the hour of the week; at most one of them is proven at any value."""
    table = _Table.of(starts, values)
    candidates = (_Candidate(same_weekday=False, first_day=2), _Candidate(same_weekday=True, first_day=7))
    days = len(table.by_day)
    guesses = np.zeros((len(candidates), days, 24))
    is_proven = np.zeros((len(candidates), days), dtype=bool)
    for day in range(days):
        left = [candidate.left_ratio for candidate in candidates]
        best = int(np.argmin(left))
        is_proven[best, day] = day >= LEAST_DAYS and left[best] < WORTH_RATIO
        for number, candidate in enumerate(candidates):
            guesses[number, day] = candidate.guess(table, day)
            candidate.learn(table, day, guesses[number, day])
    return tuple(
        Pattern(
            guesses[number][table.day_numbers, table.hour_numbers],
            int(np.searchsorted(table.day_numbers, candidate.first_day)),
            is_proven[number][table.day_numbers],
        )
        for number, candidate in enumerate(candidates)
    )


@dataclass(frozen=True)
class _Table:
    """Means by day and hour (nan where there is no value), as distances to the level of their own day or week."""

    day_numbers: np.ndarray[tuple[int], np.dtype[np.int64]]
    hour_numbers: np.ndarray[tuple[int], np.dtype[np.int64]]
    by_day: Floats
    by_week: Floats

    @classmethod
    def of(cls, starts: Sequence[dt.date], values: Floats) -> _Table:
        days = np.array([day_of(start).toordinal() for start in starts], dtype=np.int64)
        days -= days[0]
        hours = np.array(
            [start.hour if isinstance(start, dt.datetime) else 0 for start in starts], dtype=np.int64
        )
        sums, counts = np.zeros((2, int(days[-1]) + 1, 24))
        np.add.at(sums, (days, hours), values)
        np.add.at(counts, (days, hours), 1)
        means = np.full_like(sums, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        weeks = [means[max(0, day - 6) : day + 1] for day in range(len(means))]
        by_week = means - np.array([_mean(week) for week in weeks])[:, None]
        return cls(days, hours, means - np.array([_mean(row) for row in means])[:, None], by_week)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


@dataclass
class _Candidate:
    """One way to guess a day from the days before, and its record."""

    same_weekday: bool
    first_day: int
    _before: float = field(default=0.0)
    _after: float = field(default=0.0)

    @property
    def left_ratio(self) -> float:
        """The share of squared deviations that its guesses left; 1 without a record."""
        return self._after / self._before if self._before > 0 else 1.0

    def guess(self, table: _Table, day: int) -> Floats:
        """What each hour of a day adds."""
        if self.same_weekday:
            rows = table.by_week[max(day % 7, day - 2 * MEMORY_DAYS) : day : 7]
        else:
            rows = table.by_day[max(0, day - MEMORY_DAYS) : day]
        known = np.isfinite(rows).sum(axis=0)
        guess: Floats = np.nansum(rows, axis=0) / (known + DOUBT_DAYS) if len(rows) else np.zeros(24)
        return guess

    def learn(self, table: _Table, day: int, guess: Floats) -> None:
        """Takes a day that is over into the record."""
        seen = table.by_week[day]
        known = np.isfinite(seen)
        if day < self.first_day or not known.any():
            return
        self._before = self._before * FADING + float((seen[known] ** 2).sum())
        self._after = self._after * FADING + float(((seen - guess)[known] ** 2).sum())
