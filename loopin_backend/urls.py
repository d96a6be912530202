"""The deployable's own routes; everything else belongs to `analytics.urls`."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from loopin_backend import toolbar, user_admin  # noqa: F401  (the second registers)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("meetups/", include("events.urls")),
    path("", include("analytics.urls")),
]

if apps.is_installed(toolbar.APP):
    urlpatterns = [path("__debug__/", include("debug_toolbar.urls")), *urlpatterns]
