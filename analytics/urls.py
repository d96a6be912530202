"""All routes of `analytics` under Django; include them at the root of the project."""

from __future__ import annotations

from django.urls import path

from analytics.api.rest import capture, views
from analytics.dashboard.urls import urlpatterns as dashboard_pages
from analytics.monitoring.view import metrics

app_name = "analytics"

urlpatterns = [
    *capture.urlpatterns(),
    *views.urlpatterns(),
    *dashboard_pages,
    path("metrics", metrics, name="prometheus"),
]
