"""The seasonal method for days: expect by weekday and recent level, judge by a robust spread, forget incidents.

One walk over the series, oldest day first; a day is judged with what lay before it and nothing else. A value beyond
three spreads enters the history clipped, so an incident neither widens the band nor teaches the forecast. A second,
slower test looks at seven days together. Measured in docs/guides/anomalies.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analytics.ai_services.anomalies import forecasts
from analytics.ai_services.anomalies.scale import Scale, robust_spread
from analytics.ai_services.anomalies.series import Floats, Judgement, Series, Settings, day_of
from analytics.ai_services.anomalies.severity import Incidents
from analytics.ai_services.anomalies.verdict import Expectation

#: Thresholds with 0.4 false alarms per metric-month on the development series (docs/guides/anomalies.md).
POINT_THRESHOLD, SHIFT_THRESHOLD = 3.25, 3.5
#: Anomalies this near to each other are one incident.
REFRACTORY_DAYS = 3.0
#: Known days from which each forecaster is used; it starts to be tried two weeks before, to know its own misses.
#: Weekdays from 21 days on, not 28: .36 instead of .48 false alarms per metric-month in the fourth to seventh week.
YOUNG_DAYS, WEEKDAY_DAYS, RIDGE_DAYS = 14, 21, 56
TRIAL_DAYS = 14
#: Until then a judgement says that it comes from little history.
GROWN_DAYS = 28
#: Misses of the last eight weeks make the spread; a metric with fewer has a wider band.
SPREAD_DAYS = 56
LEAST_MISSES = 7
#: A value farther than this enters the history as if it were just this far.
CLIP_DEVIATIONS = 3.0
#: The days that a shift is seen over, how many must lie on one side, and how many weeks of misses it is measured by.
SHIFT_DAYS, SHIFT_AGREEING_DAYS, SHIFT_MEMORY_DAYS = 7, 6, 112
#: Below this median, counting noise hides everything short of a miracle: judge by week instead.
LEAST_MEDIAN_COUNT = 3.0

METHODS = ("trailing_mad", "weekday_median", "ridge_weekday")


@dataclass(frozen=True)
class JudgedDays:
    """Judgements of days, oldest first, and which days (by number) counted too little to be judged alone."""

    judgements: tuple[Judgement, ...]
    too_few: frozenset[int]


def judge_days(series: Series, settings: Settings) -> JudgedDays:
    """All days from the fourteenth known one on, but gaps, holidays and days of very low counts."""
    walk = _Walk(series, settings)
    judgements = tuple(walk.judgements())
    return JudgedDays(judgements, frozenset(walk.too_few))


class _Walk:
    """The state of one pass: the clipped history, and the misses of each forecaster so far."""

    def __init__(self, series: Series, settings: Settings) -> None:
        self._series, self._settings = series, settings
        self._scale = Scale.of(series.values, settings.measure)
        self._values = self._scale.to(series.values)
        days = [day_of(start) for start in series.starts]
        self._weekdays = np.array([day.weekday() for day in days], dtype=np.float64)
        self._is_holiday = np.array([day in settings.holidays for day in days], dtype=bool)
        self._history = np.zeros(len(days))
        self._weights = (np.isfinite(series.values) & ~self._is_holiday).astype(np.float64)
        self._misses = np.full((len(METHODS), len(days)), np.nan)
        self._ridge = forecasts.RidgeForecast(self._weekdays)
        self._same_side = 0.0
        refractory = settings.refractory_days
        self._incidents = Incidents(REFRACTORY_DAYS if refractory is None else refractory)
        self.too_few: set[int] = set()

    def judgements(self) -> Iterator[Judgement]:
        known = 0
        for day in range(len(self._values)):
            expectation = self._meet(day, known)
            if self._weights[day] == 0:
                continue
            known += 1
            if expectation is None:
                continue
            if self._is_too_few(day):
                self.too_few.add(day)
                continue
            yield self._judge(day, expectation)

    def _meet(self, day: int, known: int) -> Expectation | None:
        """Forecasts a day, enters it into the history, and tells what was expected if that may be judged by."""
        expected = self._expected(day, known)
        method = (known >= YOUNG_DAYS) + (known >= WEEKDAY_DAYS) + (known >= RIDGE_DAYS) - 1
        is_known = self._weights[day] > 0
        best = next((at for at in reversed(expected) if at is not None), None)
        if best is None:
            self._history[day] = self._values[day] if is_known else self._first_level(day)
            return None
        if not is_known:
            self._history[day] = best
            return None
        found = None if method < 0 else self._expectation(day, method, expected[method])
        if found and known < GROWN_DAYS:
            found = replace(found, note="young metric")
        for number, at in enumerate(expected):
            if at is not None:
                self._misses[number, day] = self._values[day] - at
        self._enter(day, found)
        return found

    def _first_level(self, day: int) -> float:
        before = self._values[:day][self._weights[:day] > 0]
        return float(np.median(before)) if len(before) else 0.0

    def _expected(self, day: int, known: int) -> tuple[float | None, float | None, float | None]:
        """What each forecaster expects, for those that are used now, soon, or were until lately."""
        before, weekdays = self._history[:day], self._weekdays
        trailing = weekday = ridge = None
        if LEAST_MISSES <= known < WEEKDAY_DAYS + TRIAL_DAYS:
            trailing = forecasts.trailing_median(before)
        if WEEKDAY_DAYS - TRIAL_DAYS <= known < RIDGE_DAYS + TRIAL_DAYS:
            weekday = forecasts.weekday_median(before, weekdays[:day], float(weekdays[day]))
        if known >= RIDGE_DAYS - TRIAL_DAYS:
            ridge = self._ridge.expect(before, self._weights, day)
        return trailing, weekday, ridge

    def _expectation(self, day: int, method: int, at: float | None) -> Expectation | None:
        misses = self._misses[method, max(0, day - SPREAD_DAYS) : day]
        misses = misses[np.isfinite(misses)]
        if at is None or len(misses) < LEAST_MISSES:
            return None
        spread = max(robust_spread(misses), self._scale.least_spread(at))
        threshold = self._settings.threshold or POINT_THRESHOLD
        return Expectation(at, spread, threshold, METHODS[method])

    def _enter(self, day: int, found: Expectation | None) -> None:
        """Into the history: as it is, or clipped; a week beyond the band on one side is the new level."""
        value = self._values[day]
        z = found.z_score(value) if found else 0.0
        if found is None or abs(z) < CLIP_DEVIATIONS:
            self._same_side = 0.0
            self._history[day] = value
            return
        side = 1.0 if z > 0 else -1.0
        self._same_side = self._same_side + side if self._same_side * side > 0 else side
        self._history[day] = found.at + side * CLIP_DEVIATIONS * found.spread
        if abs(self._same_side) >= SHIFT_DAYS:
            week = slice(day - SHIFT_DAYS + 1, day + 1)
            known = self._weights[week] > 0
            self._history[week][known] = self._values[week][known]

    def _is_too_few(self, day: int) -> bool:
        if not self._scale.is_count:
            return False
        recent = self._series.values[max(0, day - SPREAD_DAYS) : day]
        return bool(np.median(recent[np.isfinite(recent)]) < LEAST_MEDIAN_COUNT)

    def _judge(self, day: int, expectation: Expectation) -> Judgement:
        start, value = self._series.starts[day], float(self._series.values[day])
        found = expectation.judge(start, value, self._scale)
        excess = abs(found.z_score) / expectation.threshold
        if not found.is_anomaly:
            week_z = self._shift(day, expectation.spread)
            limit = self._settings.shift_threshold or SHIFT_THRESHOLD
            if abs(week_z) <= limit:
                return found
            excess = abs(week_z) / limit
            found = replace(
                found,
                is_anomaly=True,
                kind="shift",
                z_score=week_z,
                direction="up" if week_z > 0 else "down",
                note="the last 7 days together",
            )
        lasted = SHIFT_DAYS if found.kind == "shift" else 1
        severity, is_alarm = self._incidents.meet(float(day), found.direction, excess, lasted)
        return replace(found, severity=severity, is_alarm=is_alarm)

    def _shift(self, day: int, spread: float) -> float:
        """The z-score of the last seven days together; 0 where they do not agree or cannot be compared."""
        misses = self._misses[2]
        week = misses[max(0, day - SHIFT_DAYS + 1) : day + 1]
        before = misses[max(0, day - SHIFT_DAYS + 1 - SHIFT_MEMORY_DAYS) : max(0, day - SHIFT_DAYS + 1)]
        before = before[np.isfinite(before)]
        if len(week) < SHIFT_DAYS or not np.isfinite(week).all() or len(before) < RIDGE_DAYS - TRIAL_DAYS:
            return 0.0
        mean = _weekly_mean(week, spread)
        if int((np.sign(week) == np.sign(mean)).sum()) < SHIFT_AGREEING_DAYS:
            return 0.0
        means = np.convolve(before, np.full(SHIFT_DAYS, 1 / SHIFT_DAYS), "valid")
        return mean / max(robust_spread(means), spread / float(np.sqrt(SHIFT_DAYS)))


def _weekly_mean(week: Floats, spread: float) -> float:
    """The mean miss of a week in which no single day may speak for all."""
    bound = 4 * spread
    return float(np.clip(week, -bound, bound).mean())
