"""The routes of anomalies; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.anomalies import page

urlpatterns = [
    path("dashboard/anomalies/", page.AnomaliesPage.as_view(), name="anomalies_page"),
    path("dashboard/anomalies/data/", page.AnomaliesData.as_view(), name="anomalies_data"),
]
