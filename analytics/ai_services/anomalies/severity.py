"""How bad an anomaly is, and which of them are one incident.

Severity counts reasons: how many times its band a value lies away, and for how long values have been beyond it on
the same side.
"""

from __future__ import annotations

from analytics.ai_services.anomalies.series import Direction, Severity

#: Times the threshold from which a value counts as far, and as very far, beyond its band.
FAR, VERY_FAR = 1.5, 2.5
#: Periods in a row beyond the band, on one side, that count as lasting.
LASTING = 3
#: The specification knows two severities for its z-score: over 2 and over 3 standard deviations.
ZSCORE_HIGH = 3.0

_BY_REASONS: tuple[Severity, ...] = ("medium", "high", "critical", "critical")


def rate(excess_ratio: float, periods: int) -> Severity:
    """The severity of a value `excess_ratio` times its threshold away, the last of `periods` in a row beyond it.

    Example:
        >>> rate(1.1, 1), rate(1.6, 1), rate(2.6, 1), rate(1.1, 3), rate(1.6, 3)
        ('medium', 'high', 'critical', 'high', 'critical')
    """
    if excess_ratio <= 1:
        return ""
    return _BY_REASONS[(excess_ratio >= FAR) + (excess_ratio >= VERY_FAR) + (periods >= LASTING)]


class Incidents:
    """Folds anomalies that follow each other into incidents, oldest first.

    An incident is told once, and once more if it turns from medium to critical.
    """

    def __init__(self, refractory: float) -> None:
        self._refractory = refractory
        self._last: float | None = None
        self._direction: Direction | None = None
        self._periods = 0
        self._worst = 0

    def meet(
        self, at: float, direction: Direction, excess_ratio: float, least_periods: int = 1
    ) -> tuple[Severity, bool]:
        """The severity of an anomaly, and whether it is to be told.

        Units: `at`, in periods, like the refractory time. `least_periods`: how long it has lasted at the least.
        """
        is_next = self._last is not None and at - self._last <= 1 and direction == self._direction
        self._periods = self._periods + 1 if is_next else 1
        severity = rate(excess_ratio, max(self._periods, least_periods))
        is_new = self._last is None or at - self._last > self._refractory
        worst = 0 if is_new else self._worst
        self._last, self._direction, self._worst = at, direction, max(worst, _BY_REASONS.index(severity))
        return severity, is_new or self._worst - worst > 1
