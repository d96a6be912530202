"""FastAPI's side of watching requests: the same counts, header and line as Django's middleware.

What FastAPI hands on to Django is left to Django, or it would be counted twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analytics.monitoring import requests
from analytics.monitoring.requests import Answered


class Watched:
    """An ASGI application that is watched; the outermost one sees everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._by_endpoint: dict[Any, list[Route | Mount]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note it when the answer begins, or when there is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        seen = False

        async def send_and_see(message: Message) -> None:
            nonlocal seen
            if message["type"] == "http.response.start" and not seen:
                seen = True
                found = self._answered(scope, message["status"], started_s)
                if found is not None:
                    MutableHeaders(scope=message)[requests.HEADER] = requests.write_duration(found.duration_s)
                    _note(found)
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            # Nothing was answered: the client has gone, or it broke outside of what makes errors into answers.
            found = None if seen else self._answered(scope, 500, started_s)
            if found is not None:
                _note(found)

    def _answered(self, scope: Scope, status: int, started_s: float) -> Answered | None:
        """None for what Django has answered."""
        route = self._find_route(scope)
        if isinstance(route, Mount):
            return None
        path = route.path if route is not None else None
        return Answered(scope["method"], path, status, time.perf_counter() - started_s)

    def _find_route(self, scope: Scope) -> Any:
        """The route that was taken. FastAPI names it for its own, and of others only the endpoint."""
        if "route" in scope:
            return scope["route"]
        if self._by_endpoint is None:
            self._by_endpoint = _group_routes(scope["app"].routes) if "app" in scope else {}
        routes = self._by_endpoint.get(scope.get("endpoint"), [])
        if len(routes) < 2:
            return routes[0] if routes else None
        return next((route for route in routes if route.path_regex.match(scope["path"])), None)


def _group_routes(routes: Iterable[BaseRoute]) -> dict[Any, list[Route | Mount]]:
    found: dict[Any, list[Route | Mount]] = {}
    for route in routes:
        if isinstance(route, Route | Mount):
            endpoint = route.app if isinstance(route, Mount) else route.endpoint
            found.setdefault(endpoint, []).append(route)
    return found


def _note(answered: Answered) -> None:
    requests.count(answered)
    requests.log_if_slow(answered)
