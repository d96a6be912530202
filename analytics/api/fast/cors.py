"""The allow-list for pages of other origins under ASGI; OPTIONS itself is answered by Django, as under WSGI."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analytics.api import cors


class Cors:
    """Adds the headers to every answer of the API, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        origin = ""
        if scope["type"] == "http" and scope["path"].startswith(cors.PREFIXES):
            origin = Headers(scope=scope).get("origin", "")
        if not origin:
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name.lower().encode(): value.encode() for name, value in cors.headers(origin).items()}
                # Django, which answers some of these paths, has told it already, in capitals.
                kept = [(name, value) for name, value in message["headers"] if name.lower() not in told]
                message["headers"] = [*kept, *told.items()]
            await send(message)

        await self.app(scope, receive, send_with_headers)
