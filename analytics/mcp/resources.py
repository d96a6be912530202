"""What a program may read before it asks: the names of events, and questions that are understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, Resource, TextResourceContents

from analytics.ai_services import asking
from analytics.api.auth import Caller, Permission, check
from analytics.errors import AnalyticsError
from analytics.reports import pickers

_JSON = "application/json"


@dataclass(frozen=True)
class Readable:
    """A resource: what `resources/list` says of it, who may read it, and what it holds."""

    uri: str
    name: str
    description: str
    permission: Permission
    read: Callable[[], Any]

    @property
    def described(self) -> Resource:
        """As the protocol has it."""
        return Resource(uri=self.uri, name=self.name, description=self.description, mime_type=_JSON)


def _events() -> list[dict[str, Any]]:
    return [{"event": row["value"], "count": row["events"]} for row in pickers.list_events()]


RESOURCES: tuple[Readable, ...] = (
    Readable(
        "loopin://events", "events", "The names of all events with their numbers, the most frequent first",
        Permission.ANALYST, _events,
    ),
    Readable(
        "loopin://questions", "questions", "Questions that the tool `ask` understands without a language model",
        Permission.ANALYST, lambda: list(asking.EXAMPLES),
    ),
)  # fmt: skip


def resources_for(caller: Caller) -> list[Resource]:
    """Those that a caller may read."""
    return [one.described for one in RESOURCES if _may(caller, one)]


def read(uri: str, caller: Caller) -> TextResourceContents:
    """The content of a resource. **Errors**: `MCPError` for one that is not there, or not the caller's to read."""
    for one in RESOURCES:
        if one.uri != uri:
            continue
        try:
            check(one.permission, caller)
            return TextResourceContents(uri=uri, mime_type=_JSON, text=json.dumps(one.read()))
        except AnalyticsError as error:
            raise MCPError(INVALID_PARAMS, f"{error.detail} ({error.code})") from error
    raise MCPError(INVALID_PARAMS, "there is no such resource")


def _may(caller: Caller, one: Readable) -> bool:
    try:
        check(one.permission, caller)
    except AnalyticsError:
        return False
    return True
