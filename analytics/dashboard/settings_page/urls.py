"""The routes of the settings page; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.settings_page import page

_PAGE = "dashboard/settings/"

urlpatterns = [
    path(_PAGE, page.SettingsPage.as_view(), name="settings_page"),
    path(f"{_PAGE}data/", page.SettingsData.as_view(), name="settings_data"),
    path(f"{_PAGE}keys/", page.MakeKey.as_view(), name="key_make"),
    path(f"{_PAGE}keys/<int:key>/switch/", page.SwitchKey.as_view(), name="key_switch"),
]
