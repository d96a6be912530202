"""Alerts and insights of a report as lines of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from analytics import conf
from analytics.dashboard import wording
from analytics.dashboard.metrics.cards import link_to
from analytics.models.choices import AlertLevel, InsightType, Priority


@dataclass(frozen=True)
class Notice:
    """One line: what is the matter, how bad, and where to look. `level` is a `Priority`."""

    title: str
    detail: str
    level: str
    level_text: str
    link: str


def alerts_of(alerts: Iterable[Mapping[str, Any]]) -> list[Notice]:
    """Metrics over a threshold."""
    return [_alert(alert) for alert in alerts]


def insights_of(insights: Iterable[Mapping[str, Any]]) -> list[Notice]:
    """Open insights."""
    page = reverse("analytics:insights_page")
    return [
        Notice(
            title=insight["title"],
            detail=_("%(kind)s, %(confidence)s sure") % {
                "kind": InsightType(insight["insight_type"]).label,
                "confidence": wording.percent(insight["confidence_score"] * 100, 0),
            },
            level=insight["priority"],
            level_text=str(Priority(insight["priority"]).label),
            link=f"{page}?insight={insight['uuid']}",
        )
        for insight in insights
    ]  # fmt: skip


def _alert(alert: Mapping[str, Any]) -> Notice:
    names = {
        "value": wording.measured(alert["value"], alert["unit"]),
        "on": wording.day(datetime.fromisoformat(alert["period_start"]).astimezone(conf.get().zone).date()),
    }
    detail = _("%(value)s on %(on)s") % names
    if alert["threshold"] is not None:
        threshold = wording.measured(alert["threshold"], alert["unit"])
        detail = _("%(value)s on %(on)s, threshold %(threshold)s") % {**names, "threshold": threshold}
    is_critical = alert["level"] == AlertLevel.CRITICAL
    level = Priority.CRITICAL if is_critical else Priority.HIGH
    text = _("Critical") if is_critical else _("Warning")
    return Notice(alert["title"], detail, level.value, text, link_to(alert["metric_name"]))
