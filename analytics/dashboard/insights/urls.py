"""The routes of insights; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.insights import acts, page

_INSIGHTS = "dashboard/insights/"

urlpatterns = [
    path(_INSIGHTS, page.InsightsPage.as_view(), name="insights_page"),
    path(f"{_INSIGHTS}data/", page.InsightsData.as_view(), name="insights_data"),
    path(f"{_INSIGHTS}generate/", acts.Generate.as_view(), name="insights_generate"),
    path(f"{_INSIGHTS}<uuid:insight>/verdict/", acts.Verdict.as_view(), name="insight_verdict"),
]
