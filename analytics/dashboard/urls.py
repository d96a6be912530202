"""The routes of the dashboard; `analytics.urls` takes them in."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from analytics.dashboard.overview import FirstEvent, OverviewData, OverviewPage

_UNDERSTAND = ("metrics", "insights", "anomalies", "sentiment", "personas", "models")

urlpatterns = [
    path("dashboard/", RedirectView.as_view(pattern_name="analytics:overview_page"), name="dashboard"),
    path("dashboard/overview/", OverviewPage.as_view(), name="overview_page"),
    path("dashboard/overview/data/", OverviewData.as_view(), name="overview_data"),
    path("dashboard/overview/first-event/", FirstEvent.as_view(), name="first_event"),
    path("", include("analytics.dashboard.explore.urls")),
    *(
        path("", include(f"analytics.dashboard.{pages}.urls"))
        for pages in ("boards", *_UNDERSTAND, "people", "data_health", "live", "settings_page")
    ),
]
