"""The description of the API and two pages that show it, from this deployment's own files; under ASGI as well.

They hold nothing but what `openapi.json` says, so anybody may read them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from analytics.api import openapi

#: ReDoc puts its rules into an empty style element by script; this is the digest of nothing (CSP 3, 8.3).
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"


def urlpatterns() -> list[URLPattern]:
    """The routes."""
    return [
        path("api/openapi.json", _document, name="openapi"),
        path("api/docs", _swagger, name="api_docs"),
        path("api/redoc", _redoc, name="api_redoc"),
    ]


@require_safe
def _document(_: HttpRequest) -> HttpResponse:
    """The description, as both servers answer."""
    return JsonResponse(openapi.document(), headers={"Cache-Control": "public, max-age=300"})


@require_safe
def _swagger(request: HttpRequest) -> HttpResponse:
    """A page to try the API with."""
    return _page(request, "swagger", "API: try it")


@require_safe
def _redoc(request: HttpRequest) -> HttpResponse:
    """A page to read."""
    return _page(request, "redoc", "API: read it")


def _page(request: HttpRequest, name: str, title: str) -> HttpResponse:
    response = render(request, f"analytics/api_docs/{name}.html", {"title": title})
    response.headers["Content-Security-Policy"] = _policy()
    return response


def _policy() -> str:
    """This deployment's own files and its API, nothing inline and no other host."""
    static = urlsplit(settings.STATIC_URL)
    files = f"'self' {static.scheme}://{static.netloc}" if static.netloc else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {files}",
            f"style-src {files} {_EMPTY_STYLE}",
            f"font-src {files} data:",
            f"img-src {files} data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
