"""The routes of data health; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.data_health import page, recent, refused

_PAGE = "dashboard/data-health/"

urlpatterns = [
    path(_PAGE, page.DataHealthPage.as_view(), name="data_health_page"),
    path(f"{_PAGE}data/", page.DataHealthData.as_view(), name="data_health_data"),
    path(f"{_PAGE}stages/", page.StagesData.as_view(), name="data_health_stages"),
    path(f"{_PAGE}refused/", refused.RefusedData.as_view(), name="data_health_refused"),
    path(f"{_PAGE}recent/", recent.RecentData.as_view(), name="data_health_recent"),
    path(f"{_PAGE}receipt/", recent.ReceiptData.as_view(), name="data_health_receipt"),
    path(f"{_PAGE}replay/", refused.ReplayReason.as_view(), name="replay_reason"),
    path(f"{_PAGE}replay/<int:row>/", refused.ReplayOne.as_view(), name="replay_one"),
]
