"""The SDK paths under WSGI and Django's test client: the same decoding, writer and answers as under ASGI."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from analytics import conf
from analytics.api import capture
from analytics.api.capture import Answer
from analytics.errors import AnalyticsError, BodyTooLarge
from analytics.ingestion import accept
from analytics.ingestion.visitor import client_ip
from analytics.ingestion.writer import writer
from analytics.reports import health


def urlpatterns() -> list[URLPattern]:
    """Routes of all SDK paths, with and without trailing slash, and the health probes."""
    routes = [path("livez", _livez), path("readyz", _readyz)]
    for route, dialect in capture.DIALECT_OF_PATH.items():
        for slash in ("", "/"):
            routes.append(path(f"{route}{slash}", _capture, {"dialect": dialect}))
    for route in capture.CONFIG_PATHS:
        pattern = route.replace("{token}", "<str:token>")
        for slash in ("", "/"):
            routes.append(path(f"{pattern}{slash}", _configuration))
    return routes


def _livez(request: HttpRequest) -> HttpResponse:
    """The server is there."""
    return JsonResponse({"status": "ok"})


def _readyz(request: HttpRequest) -> HttpResponse:
    """Whether events can be stored; codes only."""
    found = health.readiness()
    status = "ok" if found.is_ready else "unavailable"
    body = {"status": status, "database": found.database, "disk": found.disk}
    return JsonResponse(body, status=200 if found.is_ready else 503, headers={"Cache-Control": "no-store"})


@csrf_exempt
def _capture(request: HttpRequest, dialect: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return _send(Answer(200, None), request)
    if request.method not in capture.methods_of(dialect):
        return _send(capture.wrong_method(dialect), request)
    try:
        given = accept.Request(
            dialect=dialect,
            path=request.path,
            query=request.GET.dict(),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=_body(request),
            ip=client_ip(
                request.META.get("HTTP_X_FORWARDED_FOR", ""),
                request.META.get("REMOTE_ADDR", ""),
                conf.get().trusted_proxies,
            ),
        )
        accepted = accept.accept(accept.read(given))
        results = writer.store(accepted.batch) if accepted.batch.size else []
        is_beacon = request.GET.get("beacon") == "1"
        answer = capture.stored(accepted, results, dialect, is_beacon=is_beacon)
    except AnalyticsError as error:
        answer = capture.failed(error, dialect)
    return _send(answer, request)


@csrf_exempt
def _configuration(request: HttpRequest, **_: Any) -> HttpResponse:
    if request.method == "OPTIONS":
        return _send(Answer(200, None), request)
    host, scheme = request.get_host(), request.scheme or "http"
    return _send(capture.configuration(request.path.strip("/"), host, scheme), request)


def _body(request: HttpRequest) -> bytes:
    """The body, read from the stream so that Django's limit for forms does not apply, within our cap."""
    limit = conf.get().max_batch_body_bytes
    try:
        body: bytes = request.read(limit + 1)
    except RequestDataTooBig as error:
        raise BodyTooLarge(str(error)) from error
    if len(body) > limit:
        raise BodyTooLarge(f"the body is over {limit} bytes; send less at once")
    return body


def _send(answer: Answer, request: HttpRequest) -> HttpResponse:
    headers = answer.headers | capture.request_headers_back(request.headers)
    if answer.body is None:
        return HttpResponse(status=answer.status, headers=headers)
    if isinstance(answer.body, str):
        return HttpResponse(answer.body, answer.content_type, answer.status, headers=headers)
    return JsonResponse(answer.body, status=answer.status, headers=headers)
