"""`AnalyticsMiddleware`: a page view or API call for every request, without making anybody wait.

Works under WSGI and ASGI. The request only fills a bounded queue; the event is stored by the writer's thread. Whatever
goes wrong here is logged and the response goes out unchanged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from analytics import clock, conf
from analytics.ingestion.capture import LABEL, observe
from analytics.ingestion.event import Arrival, Event
from analytics.ingestion.visitor import (
    ANONYMOUS_COOKIE,
    SESSION_COOKIE,
    Visitor,
    cookies_of,
    may_have_user,
    put_user,
    visitor_of,
)
from analytics.ingestion.wishes import has_consent_hook, may_track
from analytics.ingestion.writer import writer
from analytics.models.choices import EventType, Source

logger = logging.getLogger("analytics.middleware")

OWN_ROUTES = "analytics"  # app_name of analytics.urls: analytics does not analyse itself
_YEAR_S = 365 * 24 * 3600
_SESSION_S = 30 * 60
_CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class AnalyticsMiddleware:
    """Put it after the session and authentication middleware, so that it sees who is logged in."""

    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
    ) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Pass the request on and observe its response."""
        if self._is_async:
            return self._acall(request)
        started = time.perf_counter()
        response = cast(HttpResponseBase, self.get_response(request))
        try:
            if _is_wanted(request) and may_track(request):
                _observe(visitor_of(request), request, response, started)
        except Exception:
            logger.exception("a request could not be observed")
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        try:
            if _is_wanted(request) and await _amay_track(request):
                visitor = cookies_of(request)
                if may_have_user(request):
                    put_user(visitor, await request.auser())
                if writer.is_blocking:
                    await sync_to_async(_observe)(visitor, request, response, started)
                else:
                    _observe(visitor, request, response, started)
        except Exception:
            logger.exception("a request could not be observed")
        return response


def _is_wanted(request: HttpRequest) -> bool:
    settings = conf.get()
    if not settings.enabled or request.path.startswith(settings.middleware_ignored_paths):
        return False
    match = request.resolver_match
    return match is None or match.app_name != OWN_ROUTES


async def _amay_track(request: HttpRequest) -> bool:
    return await sync_to_async(may_track)(request) if has_consent_hook() else may_track(request)


def _observe(visitor: Visitor, request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    event = Event(
        arrival=_arrival(visitor),
        given_name="$pageview" if is_page else "$request",
        given_distinct_id=visitor.distinct_id,
        properties=_properties(request),
        event_type=_event_type(response, is_page=is_page),
        action=request.method or "",
        anonymous_id=visitor.anonymous_id,
        session_id=visitor.session_id,
        page_url=_url(request),
        page_path=_route(request),
        referrer=request.META.get("HTTP_REFERER", ""),
        response_time_ms=round((time.perf_counter() - started) * 1000),
        status_code=response.status_code,
    )
    _put_cookies(visitor, request, response)
    observe(event)


def _arrival(visitor: Visitor) -> Arrival:
    return Arrival(
        received_at=clock.now(),
        source=Source.MIDDLEWARE.value,
        ingest_key=LABEL,
        dialect="middleware",
        ip=visitor.ip,
        user_agent=visitor.user_agent,
        user_id=visitor.user_id,
        retention_days=conf.get().retention_days,
    )


def _properties(request: HttpRequest) -> dict[str, Any]:
    """Campaign parameters only: a query string may hold anything."""
    return {name: request.GET[name] for name in _CAMPAIGN if name in request.GET}


def _url(request: HttpRequest) -> str:
    """The address without its query; only the path where the host is not one of ours."""
    try:
        return f"{request.scheme}://{request.get_host()}{request.path}"
    except DisallowedHost:
        return request.path


def _route(request: HttpRequest) -> str:
    """The route's template, so that `/meetups/7/` and `/meetups/8/` are one page."""
    match = request.resolver_match
    return "/" + match.route if match is not None and match.route else request.path


def _event_type(response: HttpResponseBase, *, is_page: bool) -> str:
    if response.status_code >= 500:
        return EventType.ERROR.value
    return (EventType.PAGE_VIEW if is_page else EventType.API_CALL).value


def _put_cookies(visitor: Visitor, request: HttpRequest, response: HttpResponseBase) -> None:
    """A random id for a year and a session of thirty minutes' silence; first-party, not readable by scripts."""
    cookies = getattr(response, "set_cookie", None)
    if cookies is None:
        return
    options = {"httponly": True, "samesite": "Lax", "secure": request.is_secure()}
    if visitor.is_new:
        cookies(ANONYMOUS_COOKIE, visitor.anonymous_id, max_age=_YEAR_S, **options)
    cookies(SESSION_COOKIE, visitor.session_id, max_age=_SESSION_S, **options)
