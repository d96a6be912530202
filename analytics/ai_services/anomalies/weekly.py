"""The robust method for weeks: the median of the last twelve, and the spread around it.

For weekly metrics, and for daily counts that are too low to judge a day by (they are summed by calendar week). A week
has no season that a few months of history could show, so none is looked for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from analytics.ai_services.anomalies.scale import Scale, robust_spread
from analytics.ai_services.anomalies.series import Judgement, Series, Settings, day_of
from analytics.ai_services.anomalies.severity import Incidents
from analytics.ai_services.anomalies.verdict import Expectation

WEEK_THRESHOLD = 3.25
#: A quarter of a year says what is usual; under two months of weeks say nothing.
LEVEL_WEEKS, LEAST_WEEKS = 12, 8
#: Anomalous weeks in a row are one incident.
REFRACTORY_WEEKS = 1.0


def judge_weeks(series: Series, settings: Settings, note: str = "") -> tuple[Judgement, ...]:
    """All weeks from the ninth known one on."""
    scale = Scale.of(series.values, settings.measure)
    values = scale.to(series.values)
    incidents = Incidents(REFRACTORY_WEEKS)
    judgements: list[Judgement] = []
    for week in range(len(values)):
        before = values[:week][np.isfinite(values[:week])][-LEVEL_WEEKS:]
        if not np.isfinite(values[week]) or len(before) < LEAST_WEEKS:
            continue
        level = float(np.median(before))
        spread = max(robust_spread(before - level), scale.least_spread(level))
        threshold = settings.threshold or WEEK_THRESHOLD
        found = Expectation(level, spread, threshold, "trailing_mad", note).judge(
            series.starts[week], float(series.values[week]), scale
        )
        if found.is_anomaly:
            severity, is_alarm = incidents.meet(float(week), found.direction, abs(found.z_score) / threshold)
            found = replace(found, severity=severity, is_alarm=is_alarm)
        judgements.append(replace(found, interval="week"))
    return tuple(judgements)


def sum_by_week(series: Series) -> Series:
    """Calendar weeks (from Monday) of a daily series; nan for a week with a gap, none for the parts at the ends."""
    days = [day_of(start) for start in series.starts]
    mondays = [number for number, day in enumerate(days) if day.weekday() == 0 and number + 7 <= len(days)]
    sums = np.array([series.values[number : number + 7].sum() for number in mondays], dtype=np.float64)
    return Series(tuple(series.starts[number] for number in mondays), sums, "week")


def sunday_of(start: dt.date) -> dt.date:
    """The last day of the week that starts on a day."""
    return day_of(start) + dt.timedelta(days=6)
