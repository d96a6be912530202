"""The method for hours and finer steps: the mean of the last 1, 5, 24 and 72 values against all that came before.

A fault of a machine or a feed lasts, so its mean over an hour says more than one value; how far a longer mean must lie
away falls with its length. A daily or weekly pattern is taken out first where it explains at least half of the
variance, judged on days already over. Everything at a place depends on the values before it and on itself alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from analytics.ai_services.anomalies import hours
from analytics.ai_services.anomalies.scale import OVERDISPERSION, Scale
from analytics.ai_services.anomalies.series import Floats, Judgement, Series, Settings, day_of
from analytics.ai_services.anomalies.severity import rate
from analytics.ai_services.anomalies.verdict import Z_LIMIT

#: Values that are averaged, and the exponent by which a longer mean needs fewer deviations: a threshold of 3.8 for
#: the longest is 21 for a single value. Measured on NAB with .3, .4 and .5; all do, .4 ranks between.
LENGTHS = (1, 5, 24, 72)
LENGTH_EXPONENT = 0.4
#: Under one false alarm a month on the development half of NAB; `SENSITIVE` is for those who would rather hear four.
SUBDAILY_THRESHOLD, SENSITIVE_THRESHOLD = 4.0, 2.6
#: Three weeks of five-minute values are compared with; before this many, nothing is judged.
MEMORY_VALUES, LEAST_VALUES = 6_400, 200
#: What goes on for longer than a day is told again.
REFRACTORY_DAYS = 1.0
#: Least standard deviation of a mean, as a share of that of single values and of the level.
LEAST_OF_SINGLE, LEAST_OF_LEVEL = 1e-3, 1e-3


@dataclass(frozen=True)
class _Scores:
    """At every value, of the length whose mean stands out most: its z-score, its spread, what was expected of it."""

    z: Floats
    spread: Floats
    expected: Floats
    length: Floats

    def where(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]], other: _Scores) -> _Scores:
        """These, and those of another where the mask holds."""
        return _Scores(
            np.where(mask, other.z, self.z),
            np.where(mask, other.spread, self.spread),
            np.where(mask, other.expected, self.expected),
            np.where(mask, other.length, self.length),
        )


def judge_subdaily(series: Series, settings: Settings) -> tuple[Judgement, ...]:
    """All values from the 201st known one on, but gaps and holidays."""
    known = np.flatnonzero(np.isfinite(series.values))
    if len(known) <= LEAST_VALUES:
        return ()
    starts, values = [series.starts[number] for number in known], series.values[known]
    scores = _all_scores(starts, values, Scale.of(values, settings.measure).is_count)
    threshold = settings.threshold or SUBDAILY_THRESHOLD
    alarms = _Alarms(REFRACTORY_DAYS if settings.refractory_days is None else settings.refractory_days)
    return tuple(
        alarms.settle(_judge(series, int(known[place]), _at(scores, place), threshold))
        for place in range(LEAST_VALUES, len(values))
        if day_of(starts[place]) not in settings.holidays
    )


def _all_scores(starts: list[dt.date], values: Floats, is_count: bool) -> _Scores:
    """By the values as they are, and where a pattern is proven by what it leaves of them."""
    found = _scores(values, np.zeros_like(values), is_count)
    for pattern in hours.patterns(starts, values):
        if pattern.is_proven.any():
            first = pattern.first
            left = _scores(values[first:], pattern.added[first:], is_count)
            padded = _Scores(
                *(np.pad(part, (first, 0)) for part in (left.z, left.spread, left.expected, left.length))
            )
            found = found.where(pattern.is_proven, padded)
    return found


def _scores(values: Floats, added: Floats, is_count: bool) -> _Scores:
    moved = values - added - values[0]  # keeps the running sums of squares exact for a high, steady level
    level = np.abs(_before(values - values[0])[0] + values[0])
    least = LEAST_OF_SINGLE * _before(moved)[1] + LEAST_OF_LEVEL * level + 1e-12
    rows: list[tuple[Floats, Floats, Floats]] = []
    for length in LENGTHS:
        now = _running_mean(moved, length)
        usual, spread = _before(now)
        floor = np.sqrt(OVERDISPERSION * np.maximum(level, 0.5) / length) if is_count else least
        spread = np.maximum(spread, np.maximum(least, floor))
        rows.append((np.clip((now - usual) / spread, -Z_LIMIT, Z_LIMIT), spread, usual + added + values[0]))
    weights = np.array([_weight(length) for length in LENGTHS])[:, None]
    best = np.abs(np.array([z for z, _, _ in rows]) * weights).argmax(axis=0)
    places = np.arange(len(values))
    z, spread, expected = (np.array(parts)[best, places] for parts in zip(*rows, strict=True))
    return _Scores(z, spread, expected, np.array(LENGTHS, dtype=np.float64)[best])


def _weight(length: float) -> float:
    return float((length / LENGTHS[-1]) ** LENGTH_EXPONENT)


class _Alarms:
    """An alarm, then silence for the refractory time, whatever goes on."""

    def __init__(self, refractory_days: float) -> None:
        self._refractory = dt.timedelta(days=refractory_days)
        self._told_at: dt.date | None = None

    def settle(self, found: Judgement) -> Judgement:
        if not found.is_anomaly:
            return found
        opens = self._told_at is None or found.start - self._told_at > self._refractory
        if opens:
            self._told_at = found.start
        return replace(found, is_alarm=opens)


def _running_mean(values: Floats, length: int) -> Floats:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    first = np.maximum(0, ends - length)
    means: Floats = (sums[ends] - sums[first]) / (ends - first)
    return means


def _before(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the remembered values before each place; 0 before the first."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values * values)])
    places = np.arange(len(values))
    first = np.maximum(0, places - MEMORY_VALUES)
    counts = np.maximum(places - first, 1)
    mean = (sums[places] - sums[first]) / counts
    variance = (squares[places] - squares[first]) / counts - mean * mean
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _at(scores: _Scores, place: int) -> tuple[float, float, float, int]:
    return (
        float(scores.z[place]),
        float(scores.spread[place]),
        float(scores.expected[place]),
        int(scores.length[place]),
    )


def _judge(series: Series, number: int, by: tuple[float, float, float, int], threshold: float) -> Judgement:
    z, spread, expected, length = by
    limit = threshold / _weight(length)
    return Judgement(
        start=series.starts[number],
        value=float(series.values[number]),
        expected=expected,
        lower=expected - limit * spread,
        upper=expected + limit * spread,
        z_score=z,
        is_anomaly=abs(z) > limit,
        severity=rate(abs(z) / limit, 1),
        direction="up" if z > 0 else "down",
        kind="point" if length == 1 else "shift",
        method="running_means",
        note="" if length == 1 else f"the last {length} values together",
        interval=series.interval,
    )
