"""The last days at a glance: the specification's overview, with its proof, and what the dashboard adds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from analytics import clock, conf
from analytics.models import AIInsight, BusinessMetric
from analytics.models.choices import InsightStatus, Priority
from analytics.store import lake

if TYPE_CHECKING:
    from eventlake.analyses.overview import OverviewAnswer

_TOP_INSIGHTS = 5
_OPEN = (InsightStatus.PENDING, InsightStatus.VALIDATED)
_RANK = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


@dataclass(frozen=True)
class Overview:
    """The figures, and what people should know beside them."""

    figures: OverviewAnswer
    insights: list[dict[str, Any]]
    alerts: list[dict[str, Any]]

    def as_answer(self) -> dict[str, Any]:
        """The specification's keys. Rates in percent, lengths in seconds; 0 where there was nobody."""
        totals = self.figures.totals
        return {
            "total_events": totals.events,
            "total_users": totals.persons,
            "total_revenue": float(totals.revenue),
            "active_users_today": self.figures.active_persons_today,
            "conversion_rate": round(totals.conversion_percent or 0.0, 4),
            "avg_session_length": round(totals.avg_session_s or 0.0, 3),
            "top_insights": self.insights,
            "alerts": self.alerts,
            "proof": asdict(self.figures.proof),
        }


def overview(days: int) -> Overview:
    """The last `days` days of the deployment's zone, today included, up to now."""
    zone = conf.get().zone
    now = clock.now()
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    return Overview(_figures(_midnight(first), now), _insights(), _alerts())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), conf.get().zone)


def _figures(from_at: datetime, to_at: datetime) -> OverviewAnswer:
    """Ask the lake; the range before, for comparison, is as long and lies right before."""
    from eventlake.analyses.overview import OverviewQuestion, overview

    # One more microsecond: what was stored in this very instant counts.
    end = to_at + timedelta(microseconds=1)
    earliest = from_at - (end - from_at) - timedelta(days=1)
    question = OverviewQuestion(from_at=from_at, to_at=end, time_zone=str(conf.get().zone), now=end)
    with lake.engine().read(lake.source(earliest, end)) as reader:
        return overview(reader, question)


def _insights() -> list[dict[str, Any]]:
    """Open insights, the most urgent and most certain first."""
    found = AIInsight.objects.filter(status__in=_OPEN, is_archived=False).order_by("-created_at")[:100]
    ranked = sorted(found, key=lambda i: (_RANK[Priority(i.priority)], -i.confidence_score))
    return [
        {
            "uuid": str(insight.uuid),
            "insight_type": insight.insight_type,
            "title": insight.title,
            "description": insight.description,
            "confidence_score": insight.confidence_score,
            "priority": insight.priority,
            "created_at": insight.created_at.isoformat(),
        }
        for insight in ranked[:_TOP_INSIGHTS]
    ]


def _alerts() -> list[dict[str, Any]]:
    """Metrics over a threshold in their newest period."""
    found = BusinessMetric.objects.filter(is_alert_triggered=True, is_archived=False)
    newest: dict[str, BusinessMetric] = {}
    for metric in found.order_by("period_start"):
        newest[metric.metric_name] = metric
    return [
        {
            "metric_name": metric.metric_name,
            "metric_type": metric.metric_type,
            "value": float(metric.value),
            "warning_threshold": _number(metric.warning_threshold),
            "critical_threshold": _number(metric.critical_threshold),
            "period_start": metric.period_start.isoformat(),
        }
        for metric in newest.values()
    ]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
