"""Alerts: opened once when a metric is beyond a threshold, escalated once, ended when it is well back.

The newest row that may be judged decides: one of a day that has ended, or of the present day where the metric allows
it. Every change is one transaction with the messages that tell about it, so nobody hears of what did not happen, and
nobody hears it twice. A muted metric or alert changes its state and tells nobody; one that was acknowledged tells when
it gets worse or ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from analytics import clock
from analytics.metrics import messages
from analytics.metrics.limits import Limits, all_limits
from analytics.metrics.metric import Snapshot
from analytics.metrics.registry import all_metrics
from analytics.metrics.rows import decimal, is_judged
from analytics.models import Alert, BusinessMetric
from analytics.models.choices import AlertLevel, AlertState, PeriodType
from analytics.store import locks

THRESHOLD = "threshold"
ANOMALY = "anomaly"

#: A row that is older says nothing about the present: events have stopped, which is for the data's health to tell.
_NEWEST_DAYS = 3
#: A day may last an hour longer.
_CLOCK_CHANGE = timedelta(hours=1)
_OVERLAP_DAYS = 6  # a window of a week
_RANK = {AlertLevel.CRITICAL: 0, AlertLevel.WARNING: 1}


def check() -> list[dict[str, Any]]:
    """Bring the alerts of thresholds up to date; all that are open now, the worst first, as plain values."""
    limits = all_limits()
    new: set[str] = set()
    with transaction.atomic():
        locks.hold("alerts")
        still_open = {alert.metric_name: alert for alert in _open_alerts(THRESHOLD)}
        for row in _newest_rows():
            held = limits.get(row.metric_name) or _limits_on(row)
            alert = still_open.get(row.metric_name)
            changed = _judge(row, held, alert)
            if changed is not None and alert is None:
                new.add(changed.metric_name)
    return [_plain(alert, is_new=alert.metric_name in new) for alert in list_open()]


def check_anomalies(findings: Iterable[Mapping[str, Any]]) -> int:
    """Open an alert for each metric that is unusual now, and end those of the others; how many were opened.

    `findings` of the last days, as `detect_anomalies` of `analytics.ai_services` gives them; those of the newest closed
    period say what is unusual now.
    """
    now = {finding["metric"].metric_name: finding for finding in findings if _is_told(finding)}
    opened = 0
    with transaction.atomic():
        locks.hold("alerts")
        still_open = {alert.metric_name: alert for alert in _open_alerts(ANOMALY)}
        for name, alert in still_open.items():
            if name not in now:
                _end(alert, all_limits().get(name), alert.value)
        for name, finding in now.items():
            if name in still_open:
                Alert.objects.filter(pk=still_open[name].pk).update(last_seen_at=clock.now())
                continue
            _open_anomaly(name, finding)
            opened += 1
    return opened


def list_open() -> list[Alert]:
    """The critical ones first, then the newest."""
    found = Alert.objects.filter(state=AlertState.OPEN).order_by("-opened_at", "-pk")
    return sorted(found, key=lambda alert: _RANK[AlertLevel(alert.level)])


def state_of(row: BusinessMetric | None, limits: Limits | None) -> str:
    """How a value stands: `critical`, `warning` or `ok`; `open` for a day that has to end before it can be judged;
    `no_data` where there is no value, or too little to judge it.
    """
    if row is None:
        return "no_data"
    metric = all_metrics().get(row.metric_name)
    if metric is not None and not metric.is_judged_while_open and row.period_end > clock.now():
        return "open"
    if metric is not None and not is_judged(metric, row.context):
        return "no_data"
    level = (limits or _limits_on(row)).level_of(float(row.value))
    return "ok" if level is None else str(level)


def level_on(row: BusinessMetric) -> AlertLevel:
    """The level of a row that is marked: critical where it is beyond its own critical threshold."""
    return _limits_on(row).level_of(float(row.value)) or AlertLevel.WARNING


def _is_told(finding: Mapping[str, Any]) -> bool:
    """Whether a finding is of the newest period that has ended, and of a metric whose days stand for themselves.

    Windows of many days overlap: what entered one yesterday stays in it for weeks, and so does the finding.
    """
    metric = all_metrics().get(finding["metric"].metric_name)
    if (
        metric is not None
        and not issubclass(metric, Snapshot)
        and metric.measure.history_days >= _OVERLAP_DAYS
    ):
        return False
    period = timedelta(days=7 if finding["interval"] == "week" else 1)
    ends_at: datetime = finding["metric"].period_end
    return ends_at > clock.now() - period - _CLOCK_CHANGE


def _newest_rows() -> Iterable[BusinessMetric]:
    """The row of each metric that decides."""
    now = clock.now()
    early = [name for name, metric in all_metrics().items() if metric.is_judged_while_open]
    may_be_judged = Q(period_end__lte=now) | (Q(metric_name__in=early) & Q(period_start__lte=now))
    rows = BusinessMetric.objects.filter(
        may_be_judged,
        period_type=PeriodType.DAY,
        dimensions={},
        is_archived=False,
        period_start__gte=now - timedelta(days=_NEWEST_DAYS),
    ).order_by("metric_name", "-period_start")
    seen: set[str] = set()
    for row in rows:
        metric = all_metrics().get(row.metric_name)
        if row.metric_name in seen or (metric is not None and not is_judged(metric, row.context)):
            continue
        seen.add(row.metric_name)
        yield row


def _judge(row: BusinessMetric, limits: Limits, alert: Alert | None) -> Alert | None:
    """The alert that was opened or changed by this row, if one was."""
    level = limits.level_of(float(row.value))
    if row.is_alert_triggered != (level is not None):
        BusinessMetric.objects.filter(pk=row.pk).update(is_alert_triggered=level is not None)
    if alert is None:
        return None if level is None else _open(row, limits, level)
    if level is None:
        return _end(alert, limits, row.value) if limits.has_recovered(float(row.value)) else None
    now = clock.now()
    alert.value, alert.period_start, alert.last_seen_at = row.value, row.period_start, now
    is_worse = _RANK[level] < _RANK[AlertLevel(alert.level)]
    if is_worse:
        alert.level, alert.escalated_at = level, now
        alert.threshold = decimal(limits.threshold_of(level))
    alert.save()
    if is_worse:
        messages.tell("escalated", alert, limits)
    return alert if is_worse else None


def _open(row: BusinessMetric, limits: Limits, level: AlertLevel) -> Alert:
    now = clock.now()
    alert = Alert.objects.create(
        metric_name=row.metric_name,
        kind=THRESHOLD,
        level=level,
        value=row.value,
        threshold=decimal(limits.threshold_of(level)),
        period_start=row.period_start,
        opened_at=now,
        last_seen_at=now,
    )
    messages.tell("opened", alert, limits)
    return alert


def _open_anomaly(name: str, finding: Mapping[str, Any]) -> None:
    now = clock.now()
    upper, lower = finding["upper"], finding["lower"]
    alert = Alert.objects.create(
        metric_name=name,
        kind=ANOMALY,
        level=AlertLevel.CRITICAL if finding["severity"] == "high" else AlertLevel.WARNING,
        value=decimal(finding["actual_value"]),
        threshold=decimal(upper if finding["direction"] == "up" else lower),
        period_start=finding["period_start"],
        opened_at=now,
        last_seen_at=now,
    )
    messages.tell("opened", alert, all_limits().get(name))


def _end(alert: Alert, limits: Limits | None, value: Decimal) -> Alert:
    alert.state, alert.resolved_at, alert.value = AlertState.RESOLVED, clock.now(), value
    alert.save()
    messages.tell("resolved", alert, limits)
    return alert


def _open_alerts(kind: str) -> Iterable[Alert]:
    return Alert.objects.filter(state=AlertState.OPEN, kind=kind, dimensions={})


def _limits_on(row: BusinessMetric) -> Limits:
    """Of a row that no declared metric has: its own thresholds; the critical one lies on the bad side of the other."""
    warning, critical = _float(row.warning_threshold), _float(row.critical_threshold)
    higher_is_better = warning is not None and critical is not None and critical < warning
    return Limits(higher_is_better, _float(row.target_value), warning, critical)


def _plain(alert: Alert, *, is_new: bool) -> dict[str, Any]:
    return {
        "uuid": str(alert.uuid),
        "metric_name": alert.metric_name,
        "kind": alert.kind,
        "level": str(alert.level),
        "value": float(alert.value),
        "threshold": float(alert.threshold),
        "period_start": alert.period_start.isoformat(),
        "opened_at": alert.opened_at.isoformat(),
        "is_new": is_new,
        "is_muted": is_muted(alert, clock.now()),
        "is_acknowledged": alert.acknowledged_at is not None,
    }


def is_muted(alert: Alert, at: datetime) -> bool:
    """Whether somebody has silenced this alert."""
    return alert.muted_until is not None and alert.muted_until > at


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
