"""The protocol over standard input and output, for a program that starts the server itself: one user, by name."""

from __future__ import annotations

from functools import partial

from django.contrib.auth import get_user_model
from mcp.server.stdio import stdio_server

from analytics.api.auth import Caller
from analytics.errors import NotAuthenticated
from analytics.mcp.calls import in_thread
from analytics.mcp.server import Context, build


async def serve(username: str) -> None:
    """Answer until the other side closes. The user is looked up at each request: whoever was disabled is out."""

    async def who_asks(_: Context) -> Caller:
        return await in_thread(partial(caller_named, username))

    server = build(who_asks)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def caller_named(username: str) -> Caller:
    """The active user of a name. **Errors**: `NotAuthenticated`."""
    model = get_user_model()
    user = model.objects.filter(**{model.USERNAME_FIELD: username}, is_active=True).first()
    if user is None:
        raise NotAuthenticated(f"there is no active user {username!r}")
    return Caller(user=user)
