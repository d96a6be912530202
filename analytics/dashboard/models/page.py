"""The page: the shell, and the card of each prediction."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from analytics.dashboard.models.cards import cards_of
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.reports import insights as report

_FOLDER = "analytics/dashboard/models"


class ModelsPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Models")
    data_route = "models_data"


class ModelsData(DashboardData):
    """The API's cards, with what became of past claims."""

    template_name = f"{_FOLDER}/data.html"
    error_template = "analytics/dashboard/understand/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """One card a prediction, trained or not."""
        return {"models": cards_of(report.list_models(), report.outcomes_of_claims())}
