"""The page: the shell, all metrics, or (with `?metric=`) one of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from analytics.dashboard import moments, wording
from analytics.dashboard.metrics import cards, driver_words, history, recipe, settings_form
from analytics.dashboard.metrics.acts import Decide, Handle
from analytics.dashboard.metrics.standing import standing_of
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.range_picker import picker_of, range_of
from analytics.metrics.registry import all_metrics, find_metric
from analytics.models.choices import MetricType
from analytics.reports import alerts as alerts_report
from analytics.reports import metrics as report

_FOLDER = "analytics/dashboard/metrics"
_PRESET_DAYS = (30, 90, 180, 365)
_DEFAULT_DAYS = 90


class MetricsPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Metrics")
    data_route = "metrics_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The picker of days, for one metric; the cards have days of their own."""
        name = request.GET.get("metric", "")
        if not name:
            return {}
        metric = all_metrics().get(name)
        return {
            "is_one": True,
            "title": metric.title if metric else self.title,
            **picker_of(request.GET.dict(), _PRESET_DAYS, _DEFAULT_DAYS, ("metric", "by")),
        }


class MetricsData(DashboardData):
    """The cards, or one metric."""

    template_name = f"{_FOLDER}/cards.html"
    error_template = "analytics/dashboard/understand/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The figures of the API's answers, with what the reader may do about them."""
        rights = {
            "may_handle": request.user.has_perm(Handle.permission),
            "may_decide": request.user.has_perm(Decide.permission),
        }
        name = request.GET.get("metric", "")
        return {**rights, **(_one(request, name) if name else _all())}


class DriversData(DashboardData):
    """What a change of one metric is made of."""

    template_name = f"{_FOLDER}/drivers.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The tree of the API, over the last closed days."""
        metric = find_metric(request.GET.get("metric", ""))
        found = report.explain(metric.name, None, None)
        return {"tree": driver_words.tree_of(found, str(metric.title), str(metric.unit))}


def _all() -> dict[str, Any]:
    metrics = report.list_metrics()
    open_alerts = alerts_report.list_alerts(state="open")
    return {
        "groups": cards.groups_of(metrics, report.recent_values(cards.SPARK_DAYS)),
        "alerts": [cards.alert_row(alert) for alert in open_alerts],
        "has_values": any(metric["last_closed"] or metric["value"] is not None for metric in metrics),
    }


def _one(request: HttpRequest, name: str) -> dict[str, Any]:
    metric = find_metric(name)
    chosen = range_of(request.GET.dict(), _DEFAULT_DAYS)
    dimension = request.GET.get("by", "")
    found = report.history_of(name, chosen.first, chosen.last, dimension or None)
    unit, closed = found["unit"], found["last_closed"]
    rows = [cards.alert_row(alert) for alert in found["alerts"]]
    return {
        "template_name": f"{_FOLDER}/one.html",
        "metric": found,
        "type_word": MetricType(found["type"]).label,
        "standing": standing_of(found),
        "range_text": wording.days(chosen.first, chosen.last),
        "value": "" if closed is None else wording.measured(closed["value"], unit),
        "on": "" if closed is None else cards.day_of(closed["period_start"]),
        "change": None if closed is None else cards.change_of(closed, found["good"]),
        "today": wording.measured(found["value"], unit) if found["is_open"] else "",
        "limits": _limits(found),
        "has_met_target": None if closed is None else cards.met_target(found, closed["value"]),
        "calculated": "" if closed is None else moments.instant(closed["calculated_at"]),
        "chart": history.chart_of(found),
        "rows": history.rows_of(found),
        "dimension": dimension,
        "dimensions": [
            {"name": one, "query": urlencode({"metric": name, **_days(request), "by": one})}
            for one in found["dimensions"]
        ],
        "plain_query": urlencode({"metric": name, **_days(request)}),
        "parts": history.parts_of(found, dimension) if dimension else None,
        "open_alerts": [row for row in rows if row.is_open],
        "alerts": rows,
        "recipe": recipe.recipe_of(metric),
        "source": f"{metric.__module__}.{metric.__qualname__}",
        "form": settings_form.form_of(metric),
        "drivers_url": f"{reverse('analytics:metrics_drivers')}?{urlencode({'metric': name})}",
        "anomalies_url": f"{reverse('analytics:anomalies_page')}?{urlencode({'metric': name})}",
    }


def _days(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("days", "from", "to") if request.GET.get(name)}


def _limits(found: dict[str, Any]) -> dict[str, str]:
    return {
        name: "" if found[field] is None else wording.measured(found[field], found["unit"])
        for name, field in (
            ("target", "target_value"),
            ("warning", "warning_threshold"),
            ("critical", "critical_threshold"),
        )
    }
