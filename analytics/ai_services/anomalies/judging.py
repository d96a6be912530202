"""Judging a series: which method fits its step and length, and what is left out.

The way in for everybody: `judge(series)`. Nothing here knows the database or the time of day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from analytics.ai_services.anomalies.seasonal import YOUNG_DAYS, judge_days
from analytics.ai_services.anomalies.series import Judged, Judgement, Series, Settings, day_of
from analytics.ai_services.anomalies.subdaily import LEAST_VALUES, judge_subdaily
from analytics.ai_services.anomalies.weekly import LEAST_WEEKS, judge_weeks, sum_by_week, sunday_of
from analytics.ai_services.anomalies.zscore import LEAST_VALUES as LEAST_ZSCORE_VALUES
from analytics.ai_services.anomalies.zscore import judge_by_zscore

DEFAULTS = Settings()


def judge(series: Series, settings: Settings = DEFAULTS, now: dt.datetime | None = None) -> Judged:
    """Every period of a series that can be judged, oldest first, each by what lay before it.

    **Shape**: nothing for a period that still runs at `now`, a gap, a holiday, or one with too little before it; the
    status says so if that leaves none. Daily counts with a median under 3 are summed by calendar week.
    """
    closed = series.closed(now).known()
    if settings.method == "zscore":
        return _judged(judge_by_zscore(closed, settings), f"at least {LEAST_ZSCORE_VALUES} values before")
    if closed.interval == "day":
        return _judge_by_day(closed, settings)
    if closed.interval == "week":
        return _judged(judge_weeks(closed, settings), f"at least {LEAST_WEEKS} weeks before")
    return _judged(judge_subdaily(closed, settings), f"at least {LEAST_VALUES} values before")


def _judge_by_day(series: Series, settings: Settings) -> Judged:
    found = judge_days(series, settings)
    if not found.too_few:
        return _judged(found.judgements, f"at least {YOUNG_DAYS} days before")
    too_few = {day_of(series.starts[number]) for number in found.too_few}
    note = "summed by week: fewer than 3 a day"
    weekly = [
        judgement
        for judgement in judge_weeks(sum_by_week(series), replace(settings, measure="count"), note)
        if sunday_of(judgement.start) in too_few
    ]
    merged = sorted((*found.judgements, *weekly), key=_start)
    if not merged:
        return Judged(
            "not_enough_data", (), f"fewer than 3 a day, and at least {LEAST_WEEKS} weeks are needed"
        )
    last_low = day_of(series.starts[max(found.too_few)])
    if found.judgements and _start(found.judgements[-1]) > last_low:
        return Judged("judged", tuple(merged))
    return Judged("judged_by_week", tuple(merged), note)


def _start(judgement: Judgement) -> dt.date:
    return day_of(judgement.start)


def _judged(judgements: tuple[Judgement, ...], needed: str) -> Judged:
    if not judgements:
        return Judged("not_enough_data", (), f"{needed} are needed")
    return Judged("judged", judgements)
