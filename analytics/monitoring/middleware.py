"""Django's side of watching requests: `PrometheusMiddleware` counts them, `ResponseTimeMiddleware` times them.

Both work under WSGI and ASGI and belong at the top of `MIDDLEWARE`, so that they see what the others answer. Routes
that FastAPI answers never come here; `analytics.monitoring.asgi` watches those.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from analytics.monitoring import requests
from analytics.monitoring.requests import Answered


class _Watching:
    """Calls `see` with what was answered, and with the answer unless it broke."""

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
        """Pass the request on and see what comes back."""
        if self._is_async:
            return self._acall(request)
        started_s, response = time.perf_counter(), None
        try:
            response = cast(HttpResponseBase, self.get_response(request))
        finally:
            self.see(_answered(request, response, started_s), response)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        started_s, response = time.perf_counter(), None
        try:
            response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        finally:
            self.see(_answered(request, response, started_s), response)
        return response

    def see(self, answered: Answered, response: HttpResponseBase | None) -> None:
        """What a subclass does; it must not raise."""
        raise NotImplementedError


class PrometheusMiddleware(_Watching):
    """Count requests, errors and durations by method and route."""

    def see(self, answered: Answered, response: HttpResponseBase | None) -> None:
        """Count it."""
        requests.count(answered)


class ResponseTimeMiddleware(_Watching):
    """`X-Response-Time` on every answer, and a warning in the log for one that took over a second."""

    def see(self, answered: Answered, response: HttpResponseBase | None) -> None:
        """Write the header and the line."""
        requests.log_if_slow(answered)
        if response is not None:
            response.headers[requests.HEADER] = requests.write_duration(answered.duration_s)


def _answered(request: HttpRequest, response: HttpResponseBase | None, started_s: float) -> Answered:
    match = request.resolver_match
    return Answered(
        method=request.method or "",
        route=match.route if match is not None else None,
        status=response.status_code if response is not None else 500,
        duration_s=time.perf_counter() - started_s,
    )
