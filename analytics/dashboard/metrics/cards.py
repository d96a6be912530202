"""All metrics as cards by type, and the alerts that are open, above them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import clock, conf
from analytics.dashboard import moments, wording
from analytics.dashboard.metrics.sparkline import Sparkline, sparkline_of
from analytics.dashboard.metrics.standing import Standing, point_standing, standing_of
from analytics.metrics.registry import all_metrics
from analytics.models.choices import AlertState

SPARK_DAYS = 30
#: A change that would be written as 0.0%.
_LEAST_PERCENT = 0.05

_GROUPS: dict[str, tuple[str | Promise, str | Promise]] = {
    "kpi": (gettext_lazy("Key performance indicators"), gettext_lazy("What should grow.")),
    "kri": (gettext_lazy("Key risk indicators"), gettext_lazy("What should stay low.")),
    "kr": (gettext_lazy("Key results"), gettext_lazy("What was set out to be reached.")),
    "custom": (gettext_lazy("Your own"), gettext_lazy("Metrics that this project added.")),
}


@dataclass(frozen=True)
class Change:
    """How far a value is from the one before; `is_good` is None where there is no way that is better."""

    text: str
    direction: str
    is_good: bool | None


@dataclass(frozen=True)
class Card:
    """One metric. `value` is that of the last whole day, `today` that of the present one so far."""

    name: str
    title: str
    link: str
    standing: Standing
    value: str
    on: str
    today: str
    change: Change | None
    target: str
    has_met_target: bool | None
    spark: Sparkline | None
    is_muted: bool


@dataclass(frozen=True)
class AlertRow:
    """An alert with what can be done about it."""

    uuid: Any
    metric: str
    title: str
    link: str
    standing: Standing
    detail: str
    opened: str
    ended: str
    is_open: bool
    is_acknowledged: bool
    is_muted: bool
    muted_until: str
    act_url: str


def groups_of(
    metrics: list[dict[str, Any]], recent: Mapping[str, list[tuple[float, bool]]]
) -> list[dict[str, Any]]:
    """Cards by type, in the order in which metrics are declared."""
    order = list(_GROUPS)
    ordered = sorted(metrics, key=lambda metric: order.index(metric["type"]))
    return [
        {
            "key": kind,
            "title": _GROUPS[kind][0],
            "about": _GROUPS[kind][1],
            "cards": [card_of(metric, recent.get(metric["name"], [])) for metric in found],
        }
        for kind, found in groupby(ordered, key=lambda metric: str(metric["type"]))
    ]


def card_of(metric: dict[str, Any], recent: list[tuple[float, bool]]) -> Card:
    """The card of one metric."""
    unit, closed = metric["unit"], metric["last_closed"]
    return Card(
        name=metric["name"],
        title=metric["title"],
        link=link_to(metric["name"]),
        standing=standing_of(metric),
        value="" if closed is None else wording.measured(closed["value"], unit),
        on="" if closed is None else day_of(closed["period_start"]),
        today=wording.measured(metric["value"], unit) if metric["is_open"] else "",
        change=None if closed is None else change_of(closed, metric["good"]),
        target="" if metric["target_value"] is None else wording.measured(metric["target_value"], unit),
        has_met_target=None if closed is None else met_target(metric, closed["value"]),
        spark=sparkline_of(recent),
        is_muted=_is_later(metric["muted_until"]),
    )


def change_of(point: Mapping[str, Any], good: str) -> Change | None:
    """How a value moved against the day before; None where there was none."""
    moved = point["change_percentage"]
    if moved is None:
        return None
    if point["change_direction"] not in ("up", "down") or abs(moved) < _LEAST_PERCENT:
        return Change(_("No change"), "", None)
    text = wording.percent(abs(moved), 1 if abs(moved) < 10 else 0)
    return Change(text, point["change_direction"], point["change_direction"] == good)


def met_target(metric: Mapping[str, Any], value: float) -> bool | None:
    """Whether a value is where it was to be; None without a target."""
    target = metric["target_value"]
    if target is None:
        return None
    return bool(value >= target if metric["good"] == "up" else value <= target)


def alert_row(alert: Mapping[str, Any]) -> AlertRow:
    """One alert, open or over."""
    unit = alert["unit"]
    words = {
        "value": wording.measured(alert["value"], unit),
        "on": day_of(alert["period_start"]),
        "threshold": wording.measured(alert["threshold"], unit),
    }
    if alert["kind"] == "anomaly":
        detail = _(
            "%(value)s on %(on)s, unlike its own past: %(threshold)s was the edge of what was expected"
        )
    else:
        detail = _("%(value)s on %(on)s, threshold %(threshold)s")
    return AlertRow(
        uuid=alert["uuid"],
        metric=alert["metric_name"],
        title=alert["title"],
        link=link_to(alert["metric_name"]),
        standing=point_standing(alert["level"]),
        detail=detail % words,
        opened=moments.instant(alert["opened_at"]),
        ended=moments.instant(alert["resolved_at"]),
        is_open=alert["state"] == AlertState.OPEN,
        is_acknowledged=alert["acknowledged_at"] is not None,
        is_muted=_is_later(alert["muted_until"]),
        muted_until=moments.instant(alert["muted_until"]),
        act_url=reverse("analytics:metrics_alert", kwargs={"alert": alert["uuid"]}),
    )


def link_to(name: str) -> str:
    """The page of a metric; of one that is declared no more, or only has rows, the page of all."""
    page = reverse("analytics:metrics_page")
    return f"{page}?{urlencode({'metric': name})}" if name in all_metrics() else page


def day_of(period_start: datetime) -> str:
    """The local day of a value."""
    return wording.day(period_start.astimezone(conf.get().zone).date())


def _is_later(at: datetime | None) -> bool:
    return at is not None and at > clock.now()
