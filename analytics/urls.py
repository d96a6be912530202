"""All routes of `analytics` under Django; include them at the root of the project."""

from __future__ import annotations

from analytics.api.rest import capture, views

app_name = "analytics"

urlpatterns = [*capture.urlpatterns(), *views.urlpatterns()]
