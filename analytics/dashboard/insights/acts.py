"""A verdict on an insight, given without leaving the page; and making insights now, by a worker."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import ValidationError

from analytics import queueing
from analytics.ai_services.insights.scoreboard import as_answer, scoreboard
from analytics.api.errors import body_of_validation
from analytics.api.intelligence_shapes import VerdictRequest
from analytics.dashboard.acting import Act
from analytics.dashboard.insights import words
from analytics.dashboard.page import PANEL_HEADER
from analytics.errors import AnalyticsError, BadInput
from analytics.reports import insights as report

_FOLDER = "analytics/dashboard/insights"


class Verdict(Act):
    """What somebody makes of an insight: right, wrong, acted on; `pending` takes it back."""

    permission = "analytics.change_aiinsight"

    def post(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """By htmx the insight as it is now, and the scoreboard with it; else the page again."""
        if "HX-Request" not in request.headers:
            return super().post(request, **parameters)
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        try:
            judged = self._judge(request)
        except AnalyticsError as error:
            said = {"detail": error.detail, "code": "not_found", "retry_url": ""}
            response = render(request, "analytics/dashboard/part_error.html", said, status=error.status)
            response.headers[PANEL_HEADER] = "1"
            return response
        context = {
            "insight": words.shown_of([judged])[0],
            "verdicts": list(words.VERDICTS.items()),
            "may_judge": True,
            "records": words.records_of(as_answer(scoreboard())),
        }
        return render(request, f"{_FOLDER}/judged.html", context)

    def page(self, request: HttpRequest) -> str:
        """All insights."""
        return reverse("analytics:insights_page")

    def act(self, request: HttpRequest) -> None:
        """The API's verdict."""
        self._judge(request)
        messages.success(request, _("Your verdict is kept."))

    def _judge(self, request: HttpRequest) -> dict[str, Any]:
        given = {
            "status": request.POST.get("status", ""),
            "validation_notes": request.POST.get("notes", "").replace("\0", ""),
        }
        try:
            verdict = VerdictRequest.model_validate(given)
        except ValidationError as error:
            raise BadInput(
                str(body_of_validation(list(error.errors()))["detail"]), code="invalid_input"
            ) from error
        return report.judge(self.kwargs["insight"], verdict.status, verdict.validation_notes)


class Generate(Act):
    """Have profiles and insights made anew: a worker does it, for it may take minutes."""

    permission = "analytics.add_aiinsight"

    def page(self, request: HttpRequest) -> str:
        """All insights."""
        return reverse("analytics:insights_page")

    def act(self, request: HttpRequest) -> None:
        """Wake the tasks that the schedule runs as well."""
        for task in ("generate_predictive_insights", "detect_anomalies_batch"):
            queueing.wake(f"analytics.tasks.{task}")
        messages.success(
            request, _("Insights are being made. It takes up to a few minutes; look at this page again then.")
        )
