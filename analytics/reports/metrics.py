"""Metrics for people to read: definitions with their newest value, history, drivers and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from analytics import clock, conf
from analytics.errors import BadInput
from analytics.metrics import MetricsProcessor, alerts, drivers
from analytics.metrics.limits import Limits, all_limits, limits_of
from analytics.metrics.metric import Metric
from analytics.metrics.registry import all_metrics, find_metric
from analytics.metrics.rows import start_of
from analytics.models import Alert, BusinessMetric, MetricSetting
from analytics.models.choices import MetricType, PeriodType
from analytics.reports.alerts import MOST_ALERTS, alert_entry
from analytics.reports.answering import answering

HISTORY_DAYS = 90
_MOST_HISTORY_DAYS = 3_650
#: How far back a newest value may lie: what is older is history.
_NEWEST_DAYS = 60
_GROUPS = {"kpi": "kpis", "kri": "kris", "kr": "krs", "custom": "custom"}


def list_metrics(metric_type: str | None = None) -> list[dict[str, Any]]:
    """Every metric with its newest value, in the order in which they are declared."""
    limits = all_limits()
    newest, closed = _newest(_rows()), _newest(_rows().filter(period_end__lte=clock.now()))
    return [
        _defined(metric, limits[name], newest.get(name), closed.get(name))
        for name, metric in all_metrics().items()
        if metric_type in (None, metric.type)
    ]


def history_of(
    name: str, first: date | None, last: date | None, dimension: str | None = None
) -> dict[str, Any]:
    """A metric and its values from `first` to `last` (by default the last 90 days), and its alerts in that time.

    With a dimension also the parts by its values. **Errors**: `NotFound`, `BadInput` for days or a dimension that are
    none.
    """
    metric = find_metric(name)
    last = last or clock.today(conf.get().zone)
    first = first or last - timedelta(days=HISTORY_DAYS - 1)
    _check(first, last, _MOST_HISTORY_DAYS)
    limits = limits_of(metric)
    rows = _rows(newest_only=False).filter(
        metric_name=name,
        period_start__gte=start_of(first),
        period_start__lt=start_of(last + timedelta(days=1)),
    )
    whole = rows.filter(dimensions={}).order_by("period_start")
    newest = _newest(_rows().filter(metric_name=name))
    closed = _newest(_rows().filter(metric_name=name, period_end__lte=clock.now()))
    shown = Alert.objects.filter(metric_name=name, opened_at__lt=start_of(last + timedelta(days=1))).exclude(
        resolved_at__lt=start_of(first)
    )
    return {
        **_defined(metric, limits, newest.get(name), closed.get(name)),
        "history": [_point(row, limits) for row in whole],
        "parts": [] if dimension is None else _parts(metric, rows, dimension),
        "alerts": [alert_entry(alert) for alert in shown.order_by("-opened_at")[:MOST_ALERTS]],
    }


def recent_values(days: int) -> dict[str, list[tuple[float, bool]]]:
    """The values of every metric over the last `days` days, oldest first, each with whether its day still goes on."""
    since = start_of(clock.today(conf.get().zone) - timedelta(days=days - 1))
    rows = _rows(newest_only=False).filter(dimensions={}, period_start__gte=since)
    now = clock.now()
    found: dict[str, list[tuple[float, bool]]] = {}
    for name, value, end in rows.order_by("period_start").values_list("metric_name", "value", "period_end"):
        found.setdefault(name, []).append((float(value), end > now))
    return found


def explain(name: str, first: date | None, last: date | None) -> dict[str, Any]:
    """The driver tree of a metric, by default over the last closed days. **Errors**: `NotFound`, `BadInput`."""
    metric = find_metric(name)
    last = last or clock.today(conf.get().zone) - timedelta(days=1)
    first = first or last - timedelta(days=metric.tree_days - 1)
    with answering():
        tree = drivers.explain(metric, first, last)
    return {
        "metric": name,
        "tree": tree.name,
        "date_from": tree.first,
        "date_to": tree.last,
        "value": float(tree.value),
        "previous_value": float(tree.previous_value),
        "change": float(tree.change),
        "drivers": [
            {
                "name": driver.name,
                "previous_value": _number(driver.previous_value),
                "value": _number(driver.value),
                "contribution": float(driver.contribution),
            }
            for driver in tree.drivers
        ],
        "proof": tree.proof,
    }


def calculate(day: date | None, types: Iterable[str]) -> dict[str, Any]:
    """Work the metrics of a day out, then look at all thresholds. **Errors**: `BadInput`, `Unavailable`."""
    with answering():
        found = MetricsProcessor.process_daily_metrics(day)
    triggered = MetricsProcessor.check_alert_thresholds()
    wanted = {_GROUPS[kind] for kind in types or MetricType.values}
    return {
        "date": (day or clock.today(conf.get().zone)).isoformat(),
        **{group: entries if group in wanted else {} for group, entries in found.items()},
        "alert_count": len(triggered),
        "alerts": triggered,
        "status": "completed",
    }


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a metric: only the named fields change; None takes a decision back."""

    fields: Mapping[str, Any]


def decide(name: str, decision: Decision) -> dict[str, Any]:
    """Set target, thresholds, owner or mute of a metric. **Errors**: `NotFound`; `BadInput` for thresholds that
    contradict each other."""
    metric = find_metric(name)
    setting, _ = MetricSetting.objects.get_or_create(metric_name=name)
    for field, value in decision.fields.items():
        setattr(setting, field, value if value is not None or field != "owner" else "")
    limits = _merged_or_fault(metric, setting)
    setting.save()
    return _defined(metric, limits, _newest(_rows().filter(metric_name=name)).get(name), None)


def daily_facts(day: date) -> dict[str, Any]:
    """What the summary of a day tells: label to value in words, in reading order; empty without any row."""
    from analytics.metrics.units import in_words

    rows = {row.metric_name: row for row in _rows().filter(period_start=start_of(day))}
    facts: dict[str, Any] = {}
    for name, metric in all_metrics().items():
        row = rows.get(name)
        if row is None or metric.type not in (MetricType.KPI, MetricType.CUSTOM):
            continue
        text = in_words(float(row.value), metric.unit)
        if row.change_percentage is not None:
            text += f" ({row.change_percentage:+.1f} % to the day before)"
        facts[metric.title] = text
    open_alerts = alerts.list_open()
    if facts:
        facts["Open alerts"] = len(open_alerts)
        for alert in open_alerts[:10]:
            entry = alert_entry(alert)
            facts[f"{entry['title']} ({alert.level})"] = in_words(float(alert.value), entry["unit"])
    return facts


def _rows(*, newest_only: bool = True) -> QuerySet[BusinessMetric]:
    rows = BusinessMetric.objects.filter(period_type=PeriodType.DAY, is_archived=False)
    if newest_only:
        since = clock.now() - timedelta(days=_NEWEST_DAYS)
        rows = rows.filter(dimensions={}, period_start__gte=since, period_start__lte=clock.now())
    return rows


def _newest(rows: QuerySet[BusinessMetric]) -> dict[str, BusinessMetric]:
    """The newest row of each metric, found by the database: 60 days of 20 metrics are 1,200 rows to read."""
    place = Window(RowNumber(), partition_by="metric_name", order_by="-period_start")
    return {row.metric_name: row for row in rows.annotate(place=place).filter(place=1)}


def _defined(
    metric: type[Metric], limits: Limits, row: BusinessMetric | None, closed: BusinessMetric | None
) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "description": metric.description(),
        "type": str(metric.type),
        "category": metric.category,
        "subcategory": metric.subcategory,
        "unit": str(metric.unit),
        "good": metric.good,
        "owner": limits.owner,
        "target_value": limits.target,
        "warning_threshold": limits.warning,
        "critical_threshold": limits.critical,
        "muted_until": limits.muted_until,
        "dimensions": [dimension.name for dimension in metric.dimensions],
        "has_drivers": bool(metric.tree),
        "state": alerts.state_of(row, limits),
        "has_met_target": None if row is None else limits.has_met_target(float(row.value)),
        **_value(row),
        "last_closed": None if closed is None else _point(closed, limits),
    }


def _point(row: BusinessMetric, limits: Limits) -> dict[str, Any]:
    return {
        **_value(row),
        "period_start": row.period_start,
        "state": alerts.state_of(row, limits),
        "sample": row.context.get("sample"),
        "calculated_at": row.updated_at,
    }


def _value(row: BusinessMetric | None) -> dict[str, Any]:
    return {
        "value": None if row is None else float(row.value),
        "previous_value": None if row is None else _number(row.previous_value),
        "change_percentage": None if row is None else row.change_percentage,
        "change_direction": "" if row is None else row.change_direction,
        "period_start": None if row is None else row.period_start,
        "is_open": row is not None and row.period_end > clock.now(),
    }


def _parts(metric: type[Metric], rows: QuerySet[BusinessMetric], dimension: str) -> list[dict[str, Any]]:
    names = [known.name for known in metric.dimensions]
    if dimension not in names:
        raise BadInput(f"dimension: {metric.name} has {', '.join(names) or 'none'}", code="unknown_dimension")
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows.filter(dimensions__has_key=dimension).order_by("period_start"):
        point = {"period_start": row.period_start, "value": float(row.value)}
        parts.setdefault(row.dimensions[dimension], []).append(point)
    return [{"value_name": name, "history": points} for name, points in parts.items()]


def _merged_or_fault(metric: type[Metric], setting: MetricSetting) -> Limits:
    from analytics.metrics.limits import merged

    limits = merged(metric, setting)
    if limits.warning is not None and limits.critical is not None:
        is_right = (
            limits.critical <= limits.warning
            if limits.higher_is_better
            else limits.critical >= limits.warning
        )
        if not is_right:
            side = "below" if limits.higher_is_better else "above"
            raise BadInput(
                f"critical_threshold: {metric.title} should go {metric.good}, so the critical threshold is to lie "
                f"{side} the warning",
                code="bad_threshold",
            )
    return limits


def _check(first: date, last: date, most: int) -> None:
    if first > last:
        raise BadInput("the first day lies after the last one", code="bad_range")
    if (last - first).days >= most:
        raise BadInput(f"at most {most} days", code="bad_range")


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
