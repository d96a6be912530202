"""The routes of the explorers; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import URLPattern, path

from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.options import Options
from analytics.dashboard.explore.views import csv_of, data_of, page_of

urlpatterns: list[URLPattern] = [
    path("dashboard/explore/options/", Options.as_view(), name="explore_options")
]
for one in ANALYSES.values():
    address, name = f"dashboard/{one.name}/", one.name
    urlpatterns += [
        path(address, page_of(one).as_view(), name=f"{name}_page"),
        path(f"{address}data/", data_of(one).as_view(), name=f"{name}_data"),
        path(f"{address}csv/", csv_of(one).as_view(), name=f"{name}_csv"),
    ]
