"""Alerts for people to read and to handle: those of metrics, from their opening to their end.

The rules by which one opens and ends are those of `analytics.metrics.alerts`; here are lists, acts and words.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from analytics import clock
from analytics.errors import NotFound
from analytics.metrics import alerts
from analytics.metrics.registry import all_metrics
from analytics.models import Alert, BusinessMetric
from analytics.models.choices import AlertLevel, MetricType

#: More than these nobody reads; older ones stay in the admin.
MOST_ALERTS = 200


def list_alerts(state: str | None = None, metric_name: str | None = None) -> list[dict[str, Any]]:
    """Alerts, open ones first, then by their opening; at most 200."""
    found = Alert.objects.all()
    if state is not None:
        found = found.filter(state=state)
    if metric_name is not None:
        found = found.filter(metric_name=metric_name)
    ordered = found.order_by("state", "-opened_at", "-pk")[:MOST_ALERTS]
    return [alert_entry(alert) for alert in ordered]


def handle_alert(
    uuid: UUID,
    user: AbstractBaseUser,
    *,
    is_acknowledged: bool | None = None,
    mute: tuple[datetime | None] | None = None,
) -> dict[str, Any]:
    """Acknowledge an alert or take that back; `mute` holds until when it is silent, or None to end that.

    **Errors**: `NotFound`.
    """
    alert = Alert.objects.filter(uuid=uuid).first()
    if alert is None:
        raise NotFound("there is no such alert")
    if is_acknowledged is True and alert.acknowledged_at is None:
        alert.acknowledged_at = clock.now()
        alert.acknowledged_by_id = user.pk
    elif is_acknowledged is False:
        alert.acknowledged_at, alert.acknowledged_by = None, None
    if mute is not None:
        alert.muted_until = mute[0]
    alert.save()
    return alert_entry(alert)


def alert_entry(alert: Alert) -> dict[str, Any]:
    """An alert as the API gives it."""
    metric = all_metrics().get(alert.metric_name)
    return {
        "uuid": alert.uuid,
        "metric_name": alert.metric_name,
        "title": metric.title if metric else alert.metric_name,
        "unit": str(metric.unit) if metric else "number",
        "kind": alert.kind,
        "level": alert.level,
        "state": alert.state,
        "value": float(alert.value),
        "threshold": float(alert.threshold),
        "period_start": alert.period_start,
        "opened_at": alert.opened_at,
        "escalated_at": alert.escalated_at,
        "resolved_at": alert.resolved_at,
        "acknowledged_at": alert.acknowledged_at,
        "muted_until": alert.muted_until,
    }


def alerts_of_overview() -> list[dict[str, Any]]:
    """Open alerts, and metrics without one whose newest row is marked as beyond a threshold (rows of the project's own
    may be)."""
    found = [
        _overview_alert(alert.metric_name, alert.level, alert.value, alert.threshold, alert.period_start)
        | {"uuid": str(alert.uuid), "kind": alert.kind}
        for alert in alerts.list_open()
    ]
    rows = BusinessMetric.objects.filter(is_archived=False, dimensions={})
    marked = rows.filter(is_alert_triggered=True).exclude(
        metric_name__in=[one["metric_name"] for one in found]
    )
    newest: dict[str, BusinessMetric] = {}
    candidates = rows.filter(metric_name__in=marked.values("metric_name")).order_by("-period_start")
    for row in candidates[:MOST_ALERTS]:
        newest.setdefault(row.metric_name, row)
    for row in newest.values():
        if row.is_alert_triggered:
            level = alerts.level_on(row)
            threshold = row.critical_threshold if level == AlertLevel.CRITICAL else row.warning_threshold
            found.append(_overview_alert(row.metric_name, level, row.value, threshold, row.period_start))
    return found


def _overview_alert(
    name: str, level: str, value: Decimal, threshold: Decimal | None, period_start: datetime
) -> dict[str, Any]:
    metric = all_metrics().get(name)
    return {
        "metric_name": name,
        "title": metric.title if metric else name,
        "metric_type": str(metric.type) if metric else str(MetricType.CUSTOM),
        "unit": str(metric.unit) if metric else "number",
        "level": str(level),
        "value": float(value),
        "threshold": None if threshold is None else float(threshold),
        "period_start": period_start.isoformat(),
    }
