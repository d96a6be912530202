"""The deployable's own routes; everything else belongs to `analytics.urls`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("meetups/", include("events.urls")),
    path("", include("analytics.urls")),
]
