"""Streamable HTTP at `/mcp`: who asks is whom the access token of each request names, and nobody is asked twice.

Requests are independent of one another, so that any process answers any of them; there is no session to steal. Host
and Origin are checked as the SDK does it, against Django's `ALLOWED_HOSTS` and the API's list of origins.

**Source**: Model Context Protocol 2025-11-25, "Transports": a server may answer GET with 405, and checks Origin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from analytics import conf
from analytics.api.auth import Caller, Permission, check
from analytics.api.fast.routes import caller_of
from analytics.errors import Unavailable
from analytics.mcp.calls import in_thread
from analytics.mcp.server import Context, build

PATH = "/mcp"
#: Who may talk to it at all; each tool has a permission of its own.
PERMISSION = Permission.USER


@dataclass(eq=False)
class Endpoint:
    """The ASGI application of the path. It answers inside of `running()`."""

    _manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For the life of the process's server."""
        manager = StreamableHTTPSessionManager(
            build(_who_asks), stateless=True, max_request_body_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        )
        async with manager.run():
            self._manager = manager
            try:
                yield
            finally:
                self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. **Errors**: those of `check` and `caller_of`, before the protocol sees anything of it."""
        if scope["method"] != "POST":
            raise HTTPException(405, "there are no sessions here: send POST", {"Allow": "POST"})
        request = Request(scope)
        refused = await TransportSecurityMiddleware(_security(request)).validate_request(request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        # The protocol's own request object is another one with the same scope.
        scope.setdefault("state", {})["mcp_caller"] = await in_thread(partial(_admit, request))
        if self._manager is None:
            raise Unavailable("the MCP server is not running; try again")
        await self._manager.handle_request(scope, receive, send)


def route(endpoint: Endpoint) -> Route:
    """The one route; GET and DELETE, which servers with sessions have, are told that this is none."""
    return Route(PATH, endpoint, methods=["GET", "POST", "DELETE"], name="mcp")


def _admit(request: Request) -> Caller:
    caller = caller_of(request)
    check(PERMISSION, caller)
    return caller


async def _who_asks(context: Context) -> Caller:
    assert context.request is not None  # this transport always has one
    caller: Caller = context.request.state.mcp_caller
    return caller


def _security(request: Request) -> TransportSecuritySettings:
    """Hosts by Django's rule, which has patterns; pages of this server itself and of the API's list may ask."""
    host = request.headers.get("host", "")
    domain, _ = split_domain_port(host.lower())
    is_ours = bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
    return TransportSecuritySettings(
        allowed_hosts=[host] if is_ours else [],
        allowed_origins=[f"http://{host}", f"https://{host}", *conf.get().cors_allowed_origins]
        if is_ours
        else [],
    )
