"""All routes of `analytics` under Django; include them at the root of the project."""

from __future__ import annotations

from analytics.api.rest import capture, views
from analytics.dashboard.urls import urlpatterns as dashboard_pages

app_name = "analytics"

urlpatterns = [*capture.urlpatterns(), *views.urlpatterns(), *dashboard_pages]
