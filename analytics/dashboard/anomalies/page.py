"""The page: the shell with the form, and the fragment with the chart, the findings and the preview of alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.ai_services.anomalies import Judged, Judgement
from analytics.ai_services.anomalies.series import day_of
from analytics.dashboard import wording
from analytics.dashboard.metrics.cards import link_to
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.errors import BadInput
from analytics.metrics.registry import all_metrics
from analytics.reports import anomalies as report

_FOLDER = "analytics/dashboard/anomalies"
FORM_ID = "anomalies-form"
DAYS = (30, 90, 180, 365)
_DEFAULT_DAYS = 90
_MOST_LISTED = 100
#: More alarms a month than this, and people stop to read them.
_MANY_A_MONTH = 4.0

METHODS: dict[str, str | Promise] = {
    "seasonal": gettext_lazy("By weekday and season"),
    "zscore": gettext_lazy("Against the mean of 28 days"),
}
SENSITIVITIES: dict[str, str | Promise] = {
    "usual": gettext_lazy("As alerts have it"),
    "sensitive": gettext_lazy("More sensitive"),
    "calm": gettext_lazy("Calmer"),
}
_SEVERITIES: dict[str, tuple[str | Promise, str]] = {
    "medium": (gettext_lazy("Medium"), ""),
    "high": (gettext_lazy("High"), "high"),
    "critical": (gettext_lazy("Critical"), "critical"),
}


class AnomaliesPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Anomalies")
    data_route = "anomalies_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The form as the address fills it."""
        chosen = {name: request.GET.get(name, "") for name in ("metric", "method", "sensitivity", "days")}
        metrics = [(name, str(metric.title)) for name, metric in all_metrics().items()]
        if chosen["metric"] and chosen["metric"] not in all_metrics():
            metrics.append((chosen["metric"][:100], chosen["metric"][:100]))
        days = [(str(days), _("%(days)s days") % {"days": days}) for days in DAYS]
        return {
            "form_id": FORM_ID,
            "data_path": reverse("analytics:anomalies_data"),
            "fields": [
                _field("metric", _("Metric"), metrics, chosen["metric"]),
                _field("method", _("Method"), METHODS.items(), chosen["method"]),
                _field("sensitivity", _("Sensitivity"), SENSITIVITIES.items(), chosen["sensitivity"]),
                _field("days", _("Range"), days, chosen["days"] or str(_DEFAULT_DAYS)),
            ],
        }


class AnomaliesData(DashboardData):
    """A metric with its band, what left it, and how often somebody would have been told."""

    template_name = f"{_FOLDER}/data.html"
    error_template = "analytics/dashboard/understand/error.html"

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The fragment. Where the reader has changed the form, the browser's address follows it."""
        response = super().get(request, **parameters)
        if request.headers.get("HX-Trigger") == FORM_ID:
            kept = ("metric", "method", "sensitivity", "days")
            query = urlencode({name: request.GET[name] for name in kept if request.GET.get(name)})
            response.headers["HX-Push-Url"] = f"{reverse('analytics:anomalies_page')}?{query}"
        return response

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """One look at the stored values."""
        wanted = _wanted(request)
        found = report.look(wanted)
        metric = all_metrics().get(wanted.metric)
        unit = str(metric.unit) if metric else "number"
        judged = found.judged
        return {
            "title": str(metric.title) if metric else wanted.metric,
            "metric": wanted.metric,
            "metric_url": link_to(wanted.metric),
            "is_known": metric is not None,
            "is_usual": wanted.sensitivity == "usual" and wanted.method == "seasonal",
            "is_judged": bool(judged.judgements),
            "note": judged.note,
            "by_week": any(one.interval == "week" for one in judged.judgements),
            "days": wanted.days,
            "periods": wording.number(len(judged.judgements)),
            "chart": _chart(judged, unit) if judged.judgements else None,
            "findings": [_finding(one, unit) for one in reversed(judged.anomalies)][:_MOST_LISTED],
            **_preview(found, unit),
        }


def _field(name: str, label: str, options: Iterable[tuple[str, Any]], chosen: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "options": [{"value": value, "label": text, "is_chosen": value == chosen} for value, text in options],
    }


def _wanted(request: HttpRequest) -> report.Wanted:
    """What the address asks for; without a metric, the first one. **Errors**: `BadInput`."""
    days = request.GET.get("days", "") or str(_DEFAULT_DAYS)
    if not days.isascii() or not days.isdigit() or len(days) > 4:
        raise BadInput(_("“%(text)s” is no number of days.") % {"text": days[:40]}, code="bad_range")
    name = request.GET.get("metric", "") or next(iter(all_metrics()), "")
    return report.Wanted(
        metric=name,
        days=int(days),
        method=request.GET.get("method", "") or "seasonal",
        sensitivity=request.GET.get("sensitivity", "") or "usual",
    )


def _chart(judged: Judged, unit: str) -> dict[str, Any]:
    """Days where most were judged by the day; else weeks. The two do not mix in one line."""
    weeks = [one for one in judged.judgements if one.interval == "week"]
    days = [one for one in judged.judgements if one.interval != "week"]
    shown = days if len(days) >= len(weeks) else weeks
    data = {
        "kind": "band",
        "unit": unit,
        "buckets": [f"{day_of(one.start).isoformat()}T00:00" for one in shown],
        "values": [one.value for one in shown],
        "expected": [one.expected for one in shown],
        "lower": [one.lower for one in shown],
        "upper": [one.upper for one in shown],
        "marks": [
            {"index": place, "is_alarm": one.is_alarm} for place, one in enumerate(shown) if one.is_anomaly
        ],
        "value_label": _("Found"),
        "expected_label": _("Expected"),
        "lower_label": _("From"),
        "upper_label": _("Up to"),
        "band_label": _("Expected band"),
        "mark_label": _("Beyond it"),
    }
    summary = _("%(count)s of %(all)s periods lie beyond what was expected; they are listed below.") % {
        "count": wording.number(len(judged.anomalies)),
        "all": wording.number(len(judged.judgements)),
    }
    return {"data": data, "summary": summary}


def _finding(one: Judgement, unit: str) -> dict[str, Any]:
    word, tone = _SEVERITIES.get(one.severity, (one.severity, ""))
    return {
        "when": _when(one),
        "value": wording.measured(one.value, unit),
        "expected": wording.measured(one.expected, unit),
        "band": f"{wording.measured(one.lower, unit)} – {wording.measured(one.upper, unit)}",  # noqa: RUF001
        "z": wording.number(abs(one.z_score), 1),
        "is_up": one.direction == "up",
        "severity": word,
        "tone": tone,
        "is_shift": one.kind == "shift",
        "is_alarm": one.is_alarm,
    }


def _preview(found: report.Found, unit: str) -> dict[str, Any]:
    """What an alert would have told, by month; quiet months count, too."""
    simulation, judged = found.simulation, found.judged.judgements
    months = {f"{one.start:%Y-%m}": 0 for one in judged} | simulation.by_month
    most = max([1, *months.values()])
    per_month = simulation.per_month
    return {
        "alarm_count": simulation.count,
        "per_month": wording.number(per_month, 1),
        "judged_days": wording.number(simulation.days),
        "is_many": per_month > _MANY_A_MONTH,
        "months": [
            {"label": _month(name), "count": wording.number(count), "width": f"{100 * count / most:.1f}%"}
            for name, count in sorted(months.items(), reverse=True)
        ],
        "alarms": [_finding(one, unit) for one in reversed(simulation.alarms)][:_MOST_LISTED],
    }


def _month(name: str) -> str:
    return str(date_format(date.fromisoformat(f"{name}-01"), "YEAR_MONTH_FORMAT"))


def _when(one: Judgement) -> str:
    start = one.start.date() if isinstance(one.start, datetime) else one.start
    return wording.days(start, start + timedelta(days=6)) if one.interval == "week" else wording.day(start)
