"""`GET /metrics` for Prometheus: for this machine, or with a token; never for the rest of the world."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from analytics import conf
from analytics.monitoring.backlog import BacklogCollector


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """All series of all processes of this machine; 404 for who may not see them."""
    if not _may_see(request):
        return JsonResponse({"detail": "not found", "code": "not_found"}, status=404)
    return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)


def render() -> bytes:
    """The text of all series."""
    registry = CollectorRegistry()
    registry.register(BacklogCollector())
    directory = conf.get().prometheus_dir
    if not directory:
        return generate_latest(REGISTRY) + generate_latest(registry)
    multiprocess.MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]  # has no types
    return generate_latest(registry)


def _may_see(request: HttpRequest) -> bool:
    token = conf.get().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    # Without a token only this machine may ask, and nobody in whose name a proxy does.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
