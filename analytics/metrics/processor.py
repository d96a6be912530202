"""`MetricsProcessor`: the specification's way to the metrics of a day and to their alerts.

Source: specification, "Metrics Calculation Tasks".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from analytics import clock, conf
from analytics.errors import BadInput
from analytics.metrics import alerts, rows
from analytics.metrics.calculation import calculate
from analytics.metrics.late import find_first_late_day
from analytics.metrics.limits import all_limits
from analytics.metrics.metric import Metric, Snapshot
from analytics.metrics.registry import all_metrics
from analytics.models import BusinessMetric
from analytics.models.choices import MetricType

#: Days before the present one that are worked out again each time: events come late, persons are merged.
LATE_DAYS = 7
MOST_DAYS = 3_650

_GROUPS = {MetricType.KPI: "kpis", MetricType.KRI: "kris", MetricType.KR: "krs", MetricType.CUSTOM: "custom"}


@dataclass(frozen=True)
class Backfilled:
    """How many days and rows a pass has written."""

    first: date
    last: date
    rows: int


class MetricsProcessor:
    """Works metrics out, keeps them as rows of `BusinessMetric`, and watches their thresholds."""

    @staticmethod
    def process_daily_metrics(date: date | None = None) -> dict[str, dict[str, dict[str, Any]]]:
        """The metrics of a local day (the present one by default), worked out and kept.

        Without a day the last seven are worked out again too, and all days since the earliest for which events came
        since the last time. The present day is unfinished: its counts are so far.

        **Shape**: `{"kpis": {name: {"value", "previous_value", "change_percentage", "change_direction", "unit",
        "state", "target_value", "period_start", "is_open"}}, "kris": ..., "krs": ..., "custom": ...}`; every metric is
        there, with None for a value that there is not. **Errors**: `BadInput` for a day after today.
        """
        today = clock.today(conf.get().zone)
        day = date or today
        if day > today:
            raise BadInput(f"date: {day.isoformat()} lies after today, {today.isoformat()}")
        if date is None:
            with find_first_late_day() as late:
                first = min(today - timedelta(days=LATE_DAYS), late or today)
                MetricsProcessor.backfill(max(first, today - timedelta(days=MOST_DAYS)), today)
        else:
            MetricsProcessor.backfill(day, day)
        return _grouped(day, rows.rows_of(day))

    @staticmethod
    def backfill(first: date, last: date) -> Backfilled:
        """Work out and keep all days from `first` to `last` in one pass. **Errors**: `BadInput` for a range that is
        none."""
        if first > last:
            raise BadInput("the first day lies after the last one", code="bad_range")
        if (last - first).days > MOST_DAYS:
            raise BadInput(f"at most {MOST_DAYS} days at once", code="bad_range")
        metrics = all_metrics().values()
        count = rows.store(calculate(first, last, metrics))
        today = clock.today(conf.get().zone)
        if last >= today:
            for metric in _snapshots(metrics):
                rows.store_snapshot(metric, today)
        return Backfilled(first, last, count)

    @staticmethod
    def check_alert_thresholds() -> list[dict[str, Any]]:
        """Open, escalate and end alerts by the newest rows; those that are open now, the worst first.

        **Shape**: plain values, as a task may return them: `uuid`, `metric_name`, `level`, `value`, `threshold`,
        `period_start`, `opened_at`, `is_new`, `is_muted`, `is_acknowledged`.
        """
        return alerts.check()


def _snapshots(metrics: Iterable[type[Metric]]) -> list[type[Snapshot]]:
    return [metric for metric in metrics if issubclass(metric, Snapshot)]


def _grouped(day: date, found: Any) -> dict[str, dict[str, dict[str, Any]]]:
    limits = all_limits()
    groups: dict[str, dict[str, dict[str, Any]]] = {"kpis": {}, "kris": {}, "krs": {}}
    for name, metric in all_metrics().items():
        group = groups.setdefault(_GROUPS[metric.type], {})
        group[name] = _entry(metric, found.get(name), day, alerts.state_of(found.get(name), limits[name]))
    return groups


def _entry(metric: type[Metric], row: BusinessMetric | None, day: date, state: str) -> dict[str, Any]:
    starts_at = rows.start_of(day)
    return {
        "value": None if row is None else float(row.value),
        "previous_value": None if row is None or row.previous_value is None else float(row.previous_value),
        "change_percentage": None if row is None else row.change_percentage,
        "change_direction": "" if row is None else row.change_direction,
        "unit": str(metric.unit),
        "state": state,
        "target_value": None if row is None or row.target_value is None else float(row.target_value),
        "period_start": starts_at.isoformat(),
        "is_open": rows.start_of(day + timedelta(days=1)) > clock.now(),
    }
