"""The routes of metrics; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.metrics import acts, page

_METRICS = "dashboard/metrics/"

urlpatterns = [
    path(_METRICS, page.MetricsPage.as_view(), name="metrics_page"),
    path(f"{_METRICS}data/", page.MetricsData.as_view(), name="metrics_data"),
    path(f"{_METRICS}drivers/", page.DriversData.as_view(), name="metrics_drivers"),
    path(f"{_METRICS}decide/", acts.Decide.as_view(), name="metrics_decide"),
    path(f"{_METRICS}alerts/<uuid:alert>/", acts.Handle.as_view(), name="metrics_alert"),
]
