"""The scale that values are judged on: logarithmic, so that a fault is a factor and not an amount.

Counts carry the noise of counting, which no history shows when it happens to be calm; amounts, rates and seconds do
not. Negative values are mirrored, so a growth figure breaks nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analytics.ai_services.anomalies.series import Floats, Measure

#: The scale is settled by the first values alone: what comes later must not change how they were judged.
SETTLING_VALUES = 28
#: Amounts behave linearly below this share of their usual size and like a factor above it.
LINEAR_SHARE = 0.05
#: Variance of a count over its mean: 1 is a pure Poisson process; daily counts of persons were measured to be a little
#: burstier.
OVERDISPERSION = 1.3
#: A change of under about 2 % is never called an anomaly, however constant a metric was.
LEAST_SPREAD = 0.005
#: Standard deviation of a normal law over its median absolute deviation.
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Scale:
    """`sign(x) log(1 + |x| / unit)` and its inverse."""

    unit: float
    is_count: bool
    is_signed: bool

    @classmethod
    def of(cls, values: Floats, measure: Measure) -> Scale:
        """The scale of a series: counts have only whole numbers from zero up, unless `measure` says otherwise."""
        known = values[np.isfinite(values)][:SETTLING_VALUES]
        is_signed = bool((known < 0).any())
        is_whole = bool((known == np.round(known)).all()) and not is_signed
        is_count = measure == "count" or (measure == "auto" and is_whole)
        sizes = np.abs(known[known != 0])
        usual = float(np.median(sizes)) if len(sizes) else 1.0
        if is_count:
            return cls(1.0, True, False)
        return cls(usual if is_signed else usual * LINEAR_SHARE, False, is_signed)

    def to(self, values: Floats) -> Floats:
        """Values on the scale; nan stays nan."""
        logs: Floats = np.sign(values) * np.log1p(np.abs(values) / self.unit)
        return logs

    def to_one(self, value: float) -> float:
        """One value on the scale."""
        return math.copysign(math.log1p(abs(value) / self.unit), value)

    def back(self, at: float) -> float:
        """A place on the scale in the metric's own unit; never below zero for a metric that never was."""
        size = float(np.expm1(min(abs(at), 60.0))) * self.unit
        if at < 0:
            return -size if self.is_signed else 0.0
        return size

    def least_spread(self, expected: float) -> float:
        """The standard deviation, on the scale, that is there at the least when `expected` was foreseen."""
        if not self.is_count:
            return LEAST_SPREAD
        mean = max(self.back(expected), 0.5)
        return max(LEAST_SPREAD, float(np.sqrt(OVERDISPERSION / mean)))


def robust_spread(residuals: Floats) -> float:
    """The standard deviation of the bulk, by the median absolute deviation from zero."""
    return float(MAD_TO_SD * np.median(np.abs(residuals))) if len(residuals) else 0.0
