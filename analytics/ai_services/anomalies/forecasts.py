"""What a day is expected to be, from the days before it: three forecasters, from little history to much.

Each works on the logarithmic scale and on a history without gaps, in which incidents are already clipped (see
`seasonal`), and answers for one day at a time from nothing but the days before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.ai_services.anomalies.scale import robust_spread
from analytics.ai_services.anomalies.series import Floats

#: Days over which a level is taken, and over which weekdays are compared.
LEVEL_DAYS, WEEKDAY_DAYS = 28, 56
#: A year is looked back on, and a day counts half of one 120 days later.
MEMORY_DAYS, HALF_LIFE_DAYS = 365, 120.0
#: Penalty on the lags, in days' worth of evidence: 5 to 50 measured alike. Weekdays are hardly penalised.
LAG_PENALTY, WEEKDAY_PENALTY = 30.0, 1.0
#: Residuals beyond this many robust deviations count less (Huber 1964), so that an incident teaches little.
HUBER_DEVIATIONS = 1.5
HUBER_ROUNDS = 2
#: The regression is fitted anew this often; its inputs are of the day itself.
REFIT_DAYS = 7


def trailing_median(history: Floats) -> float:
    """The middle of the last four weeks."""
    return float(np.median(history[-LEVEL_DAYS:]))


def weekday_median(history: Floats, weekdays: Floats, weekday: float) -> float:
    """The level of the last four weeks, and what the weekday usually adds, pulled towards nothing by one week."""
    recent, days = history[-WEEKDAY_DAYS:], weekdays[-WEEKDAY_DAYS:]
    same = recent[days == weekday]
    if not len(same):
        return trailing_median(history)
    added = float(np.median(same) - np.median(recent))
    return trailing_median(history) + added * len(same) / (len(same) + 1)


@dataclass
class _Fit:
    """Coefficients, the spread of the lags that they were fitted with, and the day they were fitted on."""

    coefficients: Floats
    lag_spread: float
    day: int


class RidgeForecast:
    """Ridge regression of the distance to the four-week level on weekday, yesterday, last weeks.

    Source: Hoerl and Kennard 1970 (ridge), Huber 1964 (weights); the choice of inputs is ours.
    """

    def __init__(self, weekdays: Floats) -> None:
        self._indicator = (weekdays[:, None] == np.arange(7)).astype(np.float64)
        self._fit: _Fit | None = None

    def expect(self, history: Floats, weights: Floats, day: int) -> float:
        """The expectation for `day`, given the values of all days before it and 0 to 1 for how far each counts."""
        if self._fit is None or not 0 <= day - self._fit.day < REFIT_DAYS:
            self._fit = self._fitted(history, weights, day)
        levels, lags = _lags(history, day, day + 1)
        inputs = np.concatenate([self._indicator[day], lags[0] / self._fit.lag_spread])
        return float(levels[0] + inputs @ self._fit.coefficients)

    def _fitted(self, history: Floats, weights: Floats, day: int) -> _Fit:
        first = max(LEVEL_DAYS, day - MEMORY_DAYS)
        levels, lags = _lags(history, first, day)
        spread = max(float(lags.std()), 1e-9)
        inputs = np.hstack([self._indicator[first:day], lags / spread])
        aim = history[first:day] - levels
        ages = np.arange(day - first, 0, -1)
        base = weights[first:day] * 0.5 ** (ages / HALF_LIFE_DAYS)
        penalty = np.full(inputs.shape[1], LAG_PENALTY)
        penalty[:7] = WEEKDAY_PENALTY
        return _Fit(_huber_ridge(inputs, aim, base, penalty), spread, day)


def _huber_ridge(inputs: Floats, aim: Floats, base: Floats, penalty: Floats) -> Floats:
    found = _ridge(inputs, aim, base, penalty)
    for _ in range(HUBER_ROUNDS):
        misses = np.abs(aim - inputs @ found)
        bulk = HUBER_DEVIATIONS * robust_spread(misses) + 1e-9
        found = _ridge(inputs, aim, base * np.minimum(1.0, bulk / np.maximum(misses, 1e-12)), penalty)
    return found


def _ridge(inputs: Floats, aim: Floats, weights: Floats, penalty: Floats) -> Floats:
    weighted = inputs * weights[:, None]
    return np.asarray(
        np.linalg.solve(weighted.T @ inputs + np.diag(penalty), weighted.T @ aim), dtype=np.float64
    )


def _lags(history: Floats, first: int, end: int) -> tuple[Floats, Floats]:
    """The four-week level before each day of `first` to `end`, and the regression's lags as distances to it."""
    days = np.arange(first, end)
    sums = np.concatenate([[0.0], np.cumsum(history[:end])])
    levels: Floats = (sums[days] - sums[days - LEVEL_DAYS]) / LEVEL_DAYS
    columns = (
        history[days - 1],
        (sums[days] - sums[days - 3]) / 3,
        (sums[days] - sums[days - 7]) / 7,
        history[days - 7],
        (history[days - 7] + history[days - 14] + history[days - 21] + history[days - 28]) / 4,
    )
    return levels, np.column_stack(columns) - levels[:, None]
