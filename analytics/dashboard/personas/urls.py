"""The routes of personas; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.personas import page

_PERSONAS = "dashboard/personas/"

urlpatterns = [
    path(_PERSONAS, page.PersonasPage.as_view(), name="personas_page"),
    path(f"{_PERSONAS}data/", page.PersonasData.as_view(), name="personas_data"),
    path(f"{_PERSONAS}recompute/", page.Recompute.as_view(), name="personas_recompute"),
    path(f"{_PERSONAS}<int:persona>/members/", page.MembersData.as_view(), name="persona_members"),
]
