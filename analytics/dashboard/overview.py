"""The overview: the first page, and the one that people come back to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from analytics import conf
from analytics.dashboard import charts, first_hour, notices, period, wording
from analytics.dashboard.figures import figures_of
from analytics.dashboard.page import DashboardData, DashboardPage, StaffView
from analytics.errors import BadInput
from analytics.ingestion.keys import find_first_token
from analytics.reports import first_hour as first_hour_report
from analytics.reports.overview import FIRST_DAY, Overview, overview_between

_FOLDER = "analytics/dashboard/overview"

#: Days of the range that an empty page offers when the newest events are old.
_OFFERED_DAYS = 90


@dataclass(frozen=True)
class RankedRow:
    """A line of a ranking; `share` is a width for its bar, "100.0%" for the first."""

    name: str
    count: str
    persons: str
    share: str


class OverviewPage(DashboardPage):
    """The shell with the picker of the range."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Overview")
    data_route = "overview_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The presets, and the two days of a range of one's own."""
        try:
            chosen = period.period_of(request.GET.dict())
        except BadInput:  # the fragment says what is wrong with it
            chosen = period.last_days(period.DEFAULT_DAYS)
            return _picker(chosen, days=None, is_custom=True)
        return _picker(chosen, days=chosen.days, is_custom=chosen.days not in period.PRESET_DAYS)


class OverviewData(DashboardData):
    """Figures, charts, rankings, alerts and insights; or how to send a first event."""

    template_name = f"{_FOLDER}/data.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Everything on the page comes from one answer of one report."""
        chosen = period.period_of(request.GET.dict())
        if not first_hour_report.has_events(reverse("admin:index")):
            return _first_hour(request)
        context = _context(chosen, overview_between(chosen.first, chosen.last))
        stored = None if context["has_events"] else first_hour_report.find_event_days()
        return context if stored is None else {**context, "offers": _offers(*stored)}


class FirstEvent(StaffView):
    """Whether a first event has arrived: nothing (204) until then, a green line after."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Asked every few seconds by an empty page."""
        newest = first_hour_report.find_newest_event(reverse("admin:index"))
        if newest is None:
            return HttpResponse(status=204)
        return render(request, f"{_FOLDER}/arrived.html", {"newest": newest})


def _picker(chosen: period.Period, *, days: int | None, is_custom: bool) -> dict[str, Any]:
    labels = {1: gettext("Today")}
    presets = [
        {"days": preset, "label": labels.get(preset) or gettext("%(days)s days") % {"days": preset}}
        for preset in period.PRESET_DAYS
    ]
    return {
        "presets": presets,
        "chosen_days": days,
        "is_custom": is_custom,
        "from_value": chosen.first.isoformat(),
        "to_value": chosen.last.isoformat(),
        "earliest_value": FIRST_DAY.isoformat(),
        "today_value": period.today().isoformat(),
    }


def _context(chosen: period.Period, report: Overview) -> dict[str, Any]:
    answer = report.figures
    is_unfinished = chosen.last >= period.today()
    return {
        "range_text": wording.days(chosen.first, chosen.last),
        "before_text": wording.days_of(answer.previous_span.from_at, answer.previous_span.to_at),
        "has_before": answer.previous.events > 0,
        "is_unfinished": is_unfinished,
        "time_zone": str(conf.get().zone),
        "has_events": answer.totals.events > 0,
        "figures": figures_of(answer, str(conf.get().zone)),
        "charts": charts.charts_of(answer, is_unfinished=is_unfinished),
        "chart_rows": charts.rows_of(answer),
        "top_events": _ranked((row.name, row.count, row.persons) for row in answer.top_events),
        "top_pages": _ranked((row.path, row.views, row.persons) for row in answer.top_pages),
        "alerts": notices.alerts_of(report.alerts),
        "insights": notices.insights_of(report.insights),
        "proof": answer.proof,
        "rows_read": wording.number(answer.proof.rows_read),
        "fresh_to": answer.proof.fresh_to.astimezone(conf.get().zone),
    }


def _ranked(rows: Iterable[tuple[str, int, int]]) -> list[RankedRow]:
    listed = list(rows)
    most = max((count for _, count, _ in listed), default=0)
    return [
        RankedRow(name, wording.number(count), wording.number(persons), f"{100 * count / most:.1f}%")
        for name, count, persons in listed
    ]


def _offers(first: date, last: date) -> list[dict[str, str]]:
    """Ranges that hold events, for a range that holds none."""
    last = min(last, period.today())
    first = max(min(first, last), FIRST_DAY)
    newest = max(first, last - timedelta(days=_OFFERED_DAYS - 1))
    ranges = dict.fromkeys([period.Period(newest, last), period.Period(first, last)])
    return [{"query": offer.query, "text": wording.days(offer.first, offer.last)} for offer in ranges]


def _first_hour(request: HttpRequest) -> dict[str, Any]:
    token = find_first_token()
    address = request.build_absolute_uri("/").rstrip("/")
    return {
        "template_name": f"{_FOLDER}/first_hour.html",
        "token": token,
        "snippets": first_hour.snippets(address, token) if token else [],
    }
