"""The specification's z-score, done so that it can find something.

The judged value is not among those it is judged by, a history without spread has a stated least spread, and the
history is longer than a week: with seven values that include the judged one, |z| cannot exceed 2.27, hardly more than
its own threshold. Source: specification, `detect_anomalies`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analytics.ai_services.anomalies.series import Floats, Judgement, Series, Settings
from analytics.ai_services.anomalies.severity import ZSCORE_HIGH, Incidents
from analytics.ai_services.anomalies.verdict import Z_LIMIT

#: The specification's.
ZSCORE_THRESHOLD = 2.0
#: Values before the judged one that it is compared with: four weeks of days; fewer than a week say nothing.
BASELINE_VALUES, LEAST_VALUES = 28, 7
#: Least standard deviation, as a share of the mean: a constant metric may move by a tenth without a word.
LEAST_SPREAD_RATIO = 0.05
#: Each anomalous period is reported, as the specification has it; those in a row are one alarm.
REFRACTORY_PERIODS = 1.0


def judge_by_zscore(series: Series, settings: Settings) -> tuple[Judgement, ...]:
    """All periods with at least seven known values before them."""
    threshold = settings.threshold or ZSCORE_THRESHOLD
    incidents = Incidents(REFRACTORY_PERIODS)
    judgements: list[Judgement] = []
    known = np.flatnonzero(np.isfinite(series.values))
    for place, number in enumerate(known[LEAST_VALUES:], LEAST_VALUES):
        before = series.values[known[max(0, place - BASELINE_VALUES) : place]]
        found = _judge(series, int(number), before, threshold)
        if found.is_anomaly:
            _, is_alarm = incidents.meet(float(number), found.direction, abs(found.z_score) / threshold)
            found = replace(found, is_alarm=is_alarm)
        judgements.append(replace(found, interval=series.interval))
    return tuple(judgements)


def _judge(series: Series, number: int, before: Floats, threshold: float) -> Judgement:
    value, mean = float(series.values[number]), float(before.mean())
    spread = max(float(before.std(ddof=1)), LEAST_SPREAD_RATIO * abs(mean))
    distance = value - mean
    has_scale = spread > 0  # a history of zeros alone has none: what moves first is news, but no deviation
    z = max(-Z_LIMIT, min(Z_LIMIT, distance / spread)) if has_scale else 0.0
    is_anomaly = abs(z) > threshold
    severity = "high" if abs(z) > ZSCORE_HIGH else "medium"
    return Judgement(
        start=series.starts[number],
        value=value,
        expected=mean,
        lower=mean - threshold * spread,
        upper=mean + threshold * spread,
        z_score=z,
        is_anomaly=is_anomaly,
        severity=severity if is_anomaly else "",  # type: ignore[arg-type]
        direction="up" if distance > 0 else "down",
        kind="point",
        method="zscore",
        note="" if has_scale else "nothing but zeros to compare with",
    )
