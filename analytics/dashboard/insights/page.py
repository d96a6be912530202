"""The page: the shell with the form of filters, and the fragment with the feed and the scoreboard."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from analytics.api.errors import body_of_validation
from analytics.api.intelligence_shapes import InsightsQuery
from analytics.dashboard.insights import words
from analytics.dashboard.insights.acts import Generate, Verdict
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.errors import BadInput
from analytics.models.choices import InsightStatus, InsightType, Priority
from analytics.reports import insights as report

_FOLDER = "analytics/dashboard/insights"
FORM_ID = "insights-form"
_PAGE_INSIGHTS = 20
_FILTERS = ("insight_type", "priority", "status")


class InsightsPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Insights")
    data_route = "insights_data"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """The form as the address fills it."""
        choices = (("insight_type", InsightType), ("priority", Priority), ("status", InsightStatus))
        labels = {
            "insight_type": gettext_lazy("Type"),
            "priority": gettext_lazy("Priority"),
            "status": gettext_lazy("Status"),
        }
        return {
            "form_id": FORM_ID,
            "data_path": reverse("analytics:insights_data"),
            "may_generate": request.user.has_perm(Generate.permission),
            "fields": [
                {
                    "name": name,
                    "label": labels[name],
                    "options": [
                        {"value": value, "label": label, "is_chosen": request.GET.get(name) == value}
                        for value, label in options.choices
                    ],
                }
                for name, options in choices
            ],
        }


class InsightsData(DashboardData):
    """One page of insights, or (with `?insight=`) one of them, and the scoreboard."""

    template_name = f"{_FOLDER}/data.html"
    error_template = "analytics/dashboard/understand/error.html"

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The fragment. Where the reader has changed the form, the browser's address follows it."""
        response = super().get(request, **parameters)
        if request.headers.get("HX-Trigger") == FORM_ID:
            response.headers["HX-Push-Url"] = f"{reverse('analytics:insights_page')}?{_query(request)}"
        return response

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The API's answer."""
        wanted = _wanted(request)
        found = report.list_insights(wanted)
        is_narrowed = bool(wanted.types or wanted.priority or wanted.status or wanted.uuid)
        pagination = found["pagination"]
        return {
            "insights": words.shown_of(found["insights"]),
            "records": words.records_of(found["scoreboard"]),
            "verdicts": list(words.VERDICTS.items()),
            "may_judge": request.user.has_perm(Verdict.permission),
            "total": found["total_count"],
            "is_narrowed": is_narrowed,
            "is_one": wanted.uuid is not None,
            "next_query": _query(request, wanted.offset + wanted.limit) if pagination["has_more"] else "",
            "first_query": _query(request) if wanted.offset else "",
            "is_later_page": wanted.offset > 0,
        }


def _wanted(request: HttpRequest) -> report.Wanted:
    """The question of an address, judged as the API judges it. **Errors**: `BadInput`."""
    given = {name: request.GET[name] for name in (*_FILTERS, "offset") if request.GET.get(name)}
    try:
        asked = InsightsQuery.model_validate({**given, "limit": _PAGE_INSIGHTS})
        one = request.GET.get("insight", "")
        uuid = UUID(one) if one else None
    except ValidationError as error:
        raise BadInput(
            str(body_of_validation(list(error.errors()))["detail"]), code="invalid_input"
        ) from error
    except ValueError as error:
        raise BadInput("insight: not a uuid", code="invalid_input") from error
    types = (asked.insight_type,) if asked.insight_type else ()
    return report.Wanted(types, **asked.page(), uuid=uuid)


def _query(request: HttpRequest, offset: int = 0) -> str:
    kept: dict[str, Any] = {name: request.GET[name] for name in _FILTERS if request.GET.get(name)}
    return urlencode({**kept, "offset": offset} if offset else kept)
