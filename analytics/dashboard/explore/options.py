"""What the pickers of the dashboard offer: events, properties, values, cohorts and time zones that exist.

`combobox.js` asks with what was typed so far and gets groups of options as JSON; it writes them as text.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from analytics.dashboard import wording
from analytics.dashboard.explore.address import write_scalar
from analytics.dashboard.page import StaffView
from analytics.errors import AnalyticsError, BadInput, Unavailable
from analytics.models import Cohort
from analytics.reports import pickers, properties
from analytics.reports.texts import check_texts

logger = logging.getLogger("analytics.dashboard")

#: A longer list is not read but searched.
MAX_OPTIONS = 50
_MAX_CHARACTERS = 200

Given = Mapping[str, str]
Group = dict[str, Any]


class Options(StaffView):
    """`?kind=events|properties|values|cohorts|zones&q=...`; `event`, `property` and `scope` narrow it down."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """`{"groups": [{"label", "options": [{"value", "label", "detail", "scope"?}]}]}`, or `{"detail"}`."""
        given = request.GET.dict()
        try:
            kind = given.get("kind", "")
            if kind not in _KINDS:
                raise BadInput(_("There is no list of this kind."), code="bad_kind")
            check_texts(given)
            groups = _KINDS[kind](given, given.get("q", "")[:_MAX_CHARACTERS])
        except AnalyticsError as error:
            return JsonResponse({"detail": error.detail}, status=error.status)
        except DatabaseError:
            logger.exception("a list for pickers could not be read")
            away = Unavailable(_("The database cannot be reached now."))
            return JsonResponse({"detail": away.detail}, status=away.status)
        return JsonResponse({"groups": [group for group in groups if group["options"]]})


def _events(_given: Given, typed: str) -> list[Group]:
    rows = pickers.list_events(typed)[:MAX_OPTIONS]
    return [_group("", [_option(row["value"], wording.number(row["events"])) for row in rows])]


def _properties(given: Given, typed: str) -> list[Group]:
    everything = {"date_from": None, "date_to": None, "timezone": None}
    of_events = properties.list_properties({**everything, "event": given.get("event") or None, "limit": 1000})
    event_rows = [
        {**_option(row["name"], wording.percent(row["share"] * 100, 0)), "scope": "event"}
        for row in of_events["properties"]
        if _contains(row["name"], typed)
    ]
    columns = [
        {**_option(column.name, str(_(column.about))), "scope": "column"}
        for column in pickers.list_columns()
        if _contains(column.name, typed)
    ]
    of_persons = [
        {**_option(row["name"], ""), "scope": "person"}
        for row in pickers.list_person_properties()
        if _contains(row["name"], typed)
    ]
    return [
        _group(_("Properties of the event"), event_rows[:MAX_OPTIONS]),
        _group(_("Columns of every event"), columns),
        _group(_("Properties of the person"), of_persons[:MAX_OPTIONS]),
    ]


def _values(given: Given, typed: str) -> list[Group]:
    if not given.get("property"):
        return []
    found = properties.list_values(
        {
            "date_from": None,
            "date_to": None,
            "timezone": None,
            "event": given.get("event") or None,
            "name": given["property"],
            "scope": given.get("scope") or "event",
            "search": typed,
            "limit": MAX_OPTIONS,
        }
    )
    rows = [
        {**_option(row["value"], wording.number(row["events"])), "value": _as_given(row["value"])}
        for row in found["values"]
    ]
    return [_group("", rows)]


def _cohorts(_given: Given, typed: str) -> list[Group]:
    found = Cohort.objects.filter(name__icontains=typed).order_by("name")[:MAX_OPTIONS]
    options = [{"value": str(one.pk), "label": one.name, "detail": one.get_kind_display()} for one in found]
    return [_group("", options)]


def _zones(_given: Given, typed: str) -> list[Group]:
    names = sorted(name for name in available_timezones() if _contains(name.replace("_", " "), typed))
    return [_group("", [_option(name, "") for name in names[:MAX_OPTIONS]])]


_KINDS: dict[str, Callable[[Given, str], list[Group]]] = {
    "events": _events,
    "properties": _properties,
    "values": _values,
    "cohorts": _cohorts,
    "zones": _zones,
}


def _group(label: str, options: list[dict[str, str]]) -> Group:
    return {"label": label, "options": options}


def _option(value: str, detail: str) -> dict[str, str]:
    return {"value": value, "label": value, "detail": detail}


def _as_given(text: str) -> str:
    """What the value of a filter is written as: numbers are compared as numbers, quotation marks stay what they are."""
    return write_scalar(text) if text.startswith('"') else text


def _contains(name: str, typed: str) -> bool:
    return typed.casefold().replace("_", " ") in name.casefold().replace("_", " ")
