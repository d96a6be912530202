"""One call of a tool for one caller: permission, limit, shapes and act as over HTTP, and errors in the same words."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from django.db import InterfaceError, OperationalError, close_old_connections
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, TextContent
from pydantic import BaseModel, ValidationError

from analytics.api.auth import Caller, check
from analytics.api.errors import INTERNAL, body_of, body_of_validation
from analytics.api.limits import take
from analytics.errors import AnalyticsError, Unavailable
from analytics.mcp.tools import Tool, tools
from analytics.reports.cancellation import cancelled_by

logger = logging.getLogger("analytics.mcp")

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """What `work` gives in a thread with database connections of its own; called off if nobody waits any more."""
    gone = threading.Event()

    def run() -> Result:
        close_old_connections()
        try:
            with cancelled_by(gone.is_set):
                return work()
        finally:
            close_old_connections()

    try:
        return await anyio.to_thread.run_sync(run, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        gone.set()
        raise


def call(name: str, arguments: dict[str, Any], caller: Caller) -> CallToolResult:
    """The answer of a tool, as JSON in its structure and as text for older clients.

    **Errors**: `MCPError` for a tool that does not exist; whatever else goes wrong is a result that says so, because
    the model that asked can read it and ask better.
    """
    tool = tools().get(name)
    if tool is None:
        raise MCPError(INVALID_PARAMS, f"there is no tool {name[:100]!r}")
    try:
        answer = _perform(tool, arguments, caller)
    except AnalyticsError as error:
        return _failed(body_of(error))
    except ValidationError as error:
        return _failed(body_of_validation(list(error.errors())))
    except (OperationalError, InterfaceError) as error:
        logger.error("the database cannot be reached: %s", type(error).__name__)
        return _failed(body_of(Unavailable("the database is away; try again")))
    except Exception:
        logger.exception("the tool %s failed", name)
        return _failed(INTERNAL)
    content = answer.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=json.dumps(content))], structured_content=content)


def _perform(tool: Tool, arguments: dict[str, Any], caller: Caller) -> BaseModel:
    check(tool.operation.permission, caller)
    allowance = take(tool.operation.limit, caller)
    if allowance is not None:
        allowance.check()
    answer = tool.operation.act(caller, *tool.read(arguments))
    assert isinstance(answer, BaseModel), f"{tool.name} answers with a file"
    return answer


def _failed(body: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=json.dumps(body))], is_error=True)
