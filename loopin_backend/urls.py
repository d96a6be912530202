"""The deployable's own routes; everything else belongs to `analytics.urls`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from loopin_backend import user_admin  # noqa: F401  (registers)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("meetups/", include("events.urls")),
    path("", include("analytics.urls")),
]
