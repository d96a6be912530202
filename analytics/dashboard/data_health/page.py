"""The ledger of some days, and how far each stage behind it has come."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import conf
from analytics.dashboard import period, wording
from analytics.dashboard.data_health import stage_words
from analytics.dashboard.data_health.reasons import reason_text
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.errors import BadInput
from analytics.reports import data_health
from analytics.reports import first_hour as first_hour_report
from analytics.reports.overview import FIRST_DAY
from analytics.reports.ranges import LAST_YEAR

_FOLDER = "analytics/dashboard/data_health"


class DataHealthPage(DashboardPage):
    """The shell with the picker of days."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Data health")
    data_route = "data_health_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The presets, and the two days of a range of one's own."""
        is_wrong = False
        try:
            chosen = _period(request)
        except BadInput:  # the fragment says what is wrong with it
            chosen, is_wrong = period.last_days(period.DEFAULT_DAYS), True
        return {
            "presets": [(days, _label(days)) for days in period.PRESET_DAYS],
            "chosen_days": None if is_wrong else chosen.days,
            "is_custom": is_wrong or chosen.days not in period.PRESET_DAYS,
            "from_value": chosen.first.isoformat(),
            "to_value": chosen.last.isoformat(),
            "earliest_value": FIRST_DAY.isoformat(),
            "today_value": period.today().isoformat(),
        }


class DataHealthData(DashboardData):
    """The ledger; the parts below ask for theirs."""

    template_name = f"{_FOLDER}/data.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The API's ledger of the range, by day and by reason."""
        chosen = _period(request)
        days = data_health.ledger_days(chosen.first, chosen.last)
        totals = {
            name: sum(getattr(day, name) for day in days)
            for name in ("received", "stored", "duplicate", "quarantined", "rejected")
        }
        has_events = totals["received"] > 0
        return {
            "range_text": wording.days(chosen.first, chosen.last),
            "time_zone": str(conf.get().zone),
            "has_events": has_events,
            "has_any": has_events or first_hour_report.has_events(reverse("admin:index")),
            "totals": {name: wording.number(value) for name, value in totals.items()},
            "chart": _chart(days),
            "days": [_day(day) for day in reversed(days) if day.received],
            "reasons": [_reason(line) for line in data_health.refused_reasons(chosen.first, chosen.last)],
            "may_replay": request.user.has_perm("analytics.change_rejectedevent"),
            "may_view": request.user.has_perm("analytics.view_rejectedevent"),
        }


class StagesData(DashboardData):
    """Sealing, lake, sinks, outbox, background work and the parts of the deployment."""

    template_name = f"{_FOLDER}/stages.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Every stage in words."""
        found = data_health.stages()
        return {
            "sealing": stage_words.sealing_of(found.sealing),
            "lake": stage_words.lake_of(found.lake),
            "sinks": stage_words.sinks_of(found.sinks),
            "outbox": stage_words.outbox_of(found.outbox),
            "parts": stage_words.parts_of(found),
            "work": stage_words.work_of(found),
        }


def _period(request: HttpRequest) -> period.Period:
    """The range. **Errors**: `BadInput`, also for one that is too long to be listed by day."""
    chosen = period.period_of(request.GET.dict())
    if chosen.first > chosen.last:
        raise BadInput(_("The first day lies after the last one."), code="bad_range")
    is_long = (chosen.last - chosen.first).days >= period.MAX_DAYS
    if is_long or chosen.first < FIRST_DAY or chosen.last.year > LAST_YEAR:
        message = _("A range of at most %(most)s days since 1970 is expected.") % {"most": period.MAX_DAYS}
        raise BadInput(message, code="bad_range")
    return chosen


def _label(days: int) -> str:
    return _("Today") if days == 1 else _("%(days)s days") % {"days": days}


def _chart(days: list[data_health.LedgerDay]) -> dict[str, Any]:
    names = {
        "stored": _("Stored"), "duplicate": _("Duplicates"), "quarantined": _("Quarantined"),
        "rejected": _("Rejected"),
    }  # fmt: skip
    return {
        "buckets": [f"{day.day.isoformat()}T00:00" for day in days],
        "series": [
            {"key": key, "label": label, "values": [getattr(day, key) for day in days]}
            for key, label in names.items()
        ],
    }


def _day(day: data_health.LedgerDay) -> dict[str, Any]:
    cells = (day.received, day.stored, day.duplicate, day.quarantined, day.rejected)
    return {"day": wording.day(day.day), "cells": [wording.number(cell) for cell in cells]}


def _reason(line: data_health.RefusedReason) -> dict[str, Any]:
    text = reason_text(line.reason)
    return {
        "reason": line.reason,
        "title": text.title,
        "fix": text.fix,
        "outcome": line.outcome,
        "events": wording.number(line.events),
        "waiting": line.waiting,
        "waiting_text": wording.number(line.waiting),
        "replay_url": reverse("analytics:replay_reason"),
    }
