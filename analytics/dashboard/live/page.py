"""The live page and its stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy

from analytics import conf
from analytics.dashboard.live import messages
from analytics.dashboard.live.hub import Hub, hub
from analytics.dashboard.live.messages import View
from analytics.dashboard.page import DashboardPage, StaffView
from analytics.dashboard.streaming import let_thread_go
from analytics.errors import Unavailable
from analytics.store import arrivals

_TYPE = "text/event-stream"
#: A proxy that gathers answers would hold events back.
_HEADERS = {"X-Accel-Buffering": "no"}
#: The browser comes back after this; in between nobody holds a worker.
_POLL_MS = 2000
_COME_BACK_MS = 1000
#: A stream ends by itself, so that who may see it is asked again.
LIFE_S = 300.0
_LOOK_S = 0.5
_QUIET_LOOKS = 30
_FIRST_ROWS = 30


class LivePage(DashboardPage):
    """The page, which the stream fills."""

    template_name = "analytics/dashboard/live/page.html"
    title = gettext_lazy("Live")
    data_route = "live_stream"

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """Where the stream is, and what the viewer may see of it."""
        return {
            "event": request.GET.get("event", "")[:200],
            "stream_url": reverse("analytics:live_stream"),
            "shows_who": request.user.has_perm("analytics.view_userevent"),
            "time_zone": str(conf.get().zone),
        }


class LiveStream(StaffView):
    """Events as they come. `after` or `Last-Event-ID` is a position from which to go on."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """A stream that lasts under ASGI; under WSGI what there is, and when to come back."""
        after = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
        name = request.GET.get("event", "")[:200]
        view = View(name, shows_who=request.user.has_perm("analytics.view_userevent"))
        try:
            if isinstance(request, ASGIRequest):
                return _stream(hub, after, view)
            return _answer(after, view)
        except Unavailable as error:
            headers = {"Retry-After": str(error.retry_after_s)}
            return HttpResponse(error.detail, "text/plain; charset=utf-8", status=503, headers=headers)
        except DatabaseError:
            return HttpResponse(messages.hello(_POLL_MS) + messages.trouble(), _TYPE)


def _answer(after: str, view: View) -> HttpResponse:
    resumed = arrivals.since(after)
    found = resumed or arrivals.newest(_FIRST_ROWS)
    body = messages.hello(_POLL_MS) + messages.arrived(found, view, is_first=resumed is None)
    return HttpResponse(body, _TYPE, headers=_HEADERS)


def _stream(reader: Hub, after: str, view: View) -> StreamingHttpResponse:
    found, number = reader.first(after)
    first = messages.arrived(found, view, is_first=not found.count and not after)
    return StreamingHttpResponse(follow(reader, first, number, view), content_type=_TYPE, headers=_HEADERS)


async def follow(
    reader: Hub, first: bytes, number: int, view: View, life_s: float = LIFE_S
) -> AsyncIterator[bytes]:
    """The messages of one viewer, until they go or the stream has lived long enough."""
    reader.enter()
    try:
        yield messages.hello(_COME_BACK_MS) + first
        await let_thread_go()
        ends_at = asyncio.get_running_loop().time() + life_s
        quiet = 0
        while asyncio.get_running_loop().time() < ends_at:
            moments = reader.since(number)
            for moment in moments:
                number = moment.number
                yield messages.arrived(moment.found, view)
            quiet = 0 if moments else quiet + 1
            if quiet and quiet % _QUIET_LOOKS == 0:
                yield messages.trouble() if reader.is_troubled else messages.keep_alive()
            await asyncio.sleep(_LOOK_S)
    finally:
        reader.leave()
