"""The routes of the live page; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.live import page

urlpatterns = [
    path("dashboard/live/", page.LivePage.as_view(), name="live_page"),
    path("dashboard/live/stream/", page.LiveStream.as_view(), name="live_stream"),
]
