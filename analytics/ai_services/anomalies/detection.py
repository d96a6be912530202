"""Anomalies of stored metrics: reads the daily rows of `BusinessMetric`, judges them, names the rows that stand out.

Only whole metrics (rows without dimensions) by the day. Days are those of the deployment's zone. A period that has not
ended is not read at all, so half a day is never taken for a bad one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from analytics import clock, conf
from analytics.ai_services.anomalies.judging import judge
from analytics.ai_services.anomalies.series import Judged, Judgement, Method, Series, Settings, day_of
from analytics.ai_services.anomalies.simulation import Simulation, simulate
from analytics.ai_services.anomalies.weekly import sunday_of
from analytics.errors import BadInput
from analytics.models import BusinessMetric
from analytics.models.choices import PeriodType

#: What the seasonal method looks back on for a day: a year of regression and the weeks that its spread is taken from.
HISTORY_DAYS = 500
MOST_DAYS = 3_650
#: A band so wide that nothing lies beyond it finds nothing.
MOST_DEVIATIONS = 20.0
METHODS = ("seasonal", "zscore")

_Rows = dict[dt.date, BusinessMetric]


def detect_anomalies(
    metric_name: str, days: int = 7, method: str = "zscore", holidays: frozenset[dt.date] = frozenset()
) -> list[dict[str, Any]]:
    """The anomalous periods among the last `days` days of a metric, oldest first.

    **Shape**: the specification's keys `metric` (the row), `z_score`, `severity`, `expected_value`, `actual_value`, and
    `lower`, `upper`, `direction`, `method`, `kind`, `interval`, `note`, `is_alarm`, `period_start`. Empty for a metric
    without rows or without enough of them. Where days are too low to be judged, a finding is a week: `interval` says
    so, `metric` is its last day's row and `actual_value` the sum.
    **Units**: whole days before today in the deployment's zone; values in the metric's own unit.
    **Errors**: `BadInput` for an unknown method or days out of 1 to 3,650.
    **Source**: specification, `PredictiveAnalyticsService.detect_anomalies`.
    """
    settings = _settings(method, days, holidays)
    rows = _by_day(_closed_rows(days).filter(metric_name=metric_name))
    return _findings(rows, settings, days)


def detect_all(
    days: int = 7, method: str = "seasonal", holidays: frozenset[dt.date] = frozenset()
) -> list[dict[str, Any]]:
    """The same for every metric that has rows, in one query, by metric name. Errors: as `detect_anomalies`."""
    settings = _settings(method, days, holidays)
    ordered = _closed_rows(days).order_by("metric_name", "period_start").iterator(chunk_size=2_000)
    return [
        finding
        for _, rows in groupby(ordered, key=lambda row: row.metric_name)
        for finding in _findings(_by_day(rows), settings, days)
    ]


def simulate_metric(
    metric_name: str,
    days: int = 90,
    method: str = "seasonal",
    holidays: frozenset[dt.date] = frozenset(),
    threshold: float | None = None,
) -> Simulation:
    """What this method would have told about the last `days` days of a metric.

    **Units**: `threshold` in deviations, None for the method's own. **Errors**: as `detect_anomalies`.
    """
    settings = _settings(method, days, holidays, threshold)
    rows = _by_day(_closed_rows(days).filter(metric_name=metric_name))
    return simulate(_series(rows), settings, since=_first_day(days))


def judge_metric(
    metric_name: str,
    days: int = 90,
    method: str = "seasonal",
    holidays: frozenset[dt.date] = frozenset(),
    threshold: float | None = None,
) -> Judged:
    """Every judged period of the last `days` days, with its band: what a chart draws. As `simulate_metric`."""
    settings = _settings(method, days, holidays, threshold)
    judged = judge(_series(_by_day(_closed_rows(days).filter(metric_name=metric_name))), settings)
    return Judged(judged.status, tuple(_recent(judged.judgements, days)), judged.note)


def _settings(
    method: str, days: int, holidays: frozenset[dt.date], threshold: float | None = None
) -> Settings:
    if method not in METHODS:
        raise BadInput(f"method: one of {', '.join(METHODS)}")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"days: 1 to {MOST_DAYS}")
    if threshold is not None and not 0 < threshold <= MOST_DEVIATIONS:
        raise BadInput(f"threshold: more than 0 and at most {MOST_DEVIATIONS} deviations")
    known: Method = "zscore" if method == "zscore" else "seasonal"
    return Settings(method=known, threshold=threshold, holidays=holidays)


def _closed_rows(days: int) -> QuerySet[BusinessMetric]:
    now = clock.now()
    return BusinessMetric.objects.filter(
        period_type=PeriodType.DAY,
        dimensions={},
        period_end__lte=now,
        period_start__gte=now - dt.timedelta(days=days + HISTORY_DAYS),
        is_archived=False,
    ).order_by("period_start")


def _by_day(rows: Iterable[BusinessMetric]) -> _Rows:
    zone = conf.get().zone
    return {row.period_start.astimezone(zone).date(): row for row in rows}


def _series(rows: _Rows) -> Series:
    return Series.filled({day: float(row.value) for day, row in rows.items()})


def _findings(rows: _Rows, settings: Settings, days: int) -> list[dict[str, Any]]:
    judged = judge(_series(rows), settings)
    return [_finding(found, rows) for found in _recent(judged.judgements, days) if found.is_anomaly]


def _recent(judgements: Iterable[Judgement], days: int) -> list[Judgement]:
    first = _first_day(days)
    return [found for found in judgements if _last_day(found) >= first]


def _first_day(days: int) -> dt.date:
    return clock.today(conf.get().zone) - dt.timedelta(days=days)


def _last_day(found: Judgement) -> dt.date:
    return sunday_of(found.start) if found.interval == "week" else day_of(found.start)


def _finding(found: Judgement, rows: _Rows) -> dict[str, Any]:
    return {
        "metric": rows[_last_day(found)],
        "z_score": found.z_score,
        "severity": found.severity,
        "expected_value": found.expected,
        "actual_value": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "direction": found.direction,
        "method": found.method,
        "kind": found.kind,
        "interval": found.interval,
        "note": found.note,
        "is_alarm": found.is_alarm,
        "period_start": rows[day_of(found.start)].period_start,
    }
