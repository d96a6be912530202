"""The routes of models; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.models import page

urlpatterns = [
    path("dashboard/models/", page.ModelsPage.as_view(), name="models_page"),
    path("dashboard/models/data/", page.ModelsData.as_view(), name="models_data"),
]
