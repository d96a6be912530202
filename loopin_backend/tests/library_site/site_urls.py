"""One page, the admin, and analytics."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def hello(request: HttpRequest) -> HttpResponse:
    """A page of the project."""
    return HttpResponse("<p>hello</p>")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("hello/", hello),
    path("", include("analytics.urls")),
]
