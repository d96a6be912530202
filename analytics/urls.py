"""All routes of `analytics` under Django; include them at the root of the project."""

from __future__ import annotations

from django.urls import path

from analytics.api.rest import capture, docs_pages, views
from analytics.dashboard.urls import urlpatterns as dashboard_pages
from analytics.monitoring.view import metrics

app_name = "analytics"

urlpatterns = [
    *capture.urlpatterns(),
    *views.urlpatterns(),
    *docs_pages.urlpatterns(),
    *dashboard_pages,
    path("metrics", metrics, name="prometheus"),
]
