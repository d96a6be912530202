"""Which operations are tools, and how a tool looks: its name, schemas and description are the operation's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mcp_types import Tool as Described
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from analytics import conf
from analytics.api.auth import Caller, check
from analytics.api.descriptions import described
from analytics.api.operation import API, Operation
from analytics.api.operations import OPERATIONS
from analytics.errors import AnalyticsError

#: The part of the path behind the API's own that a tool may be about.
SUBJECTS = frozenset(
    {
        "query", "ask", "overview", "persons", "cohorts", "properties", "insights", "anomalies", "models", "metrics",
        "alerts",
    }
)  # fmt: skip
#: Operations that change nothing although they are no GET.
READING_POSTS = frozenset({"ask", "detect_anomalies", "funnel_persons"})
#: What may change something, and only with `ANALYTICS_MCP_WRITES`. Erasure, imports and keys are never tools.
WRITING = frozenset({"judge_insight", "merge_persons"})


@dataclass(frozen=True)
class Tool:
    """An operation that programs may call."""

    operation: Operation

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name

    @property
    def is_writing(self) -> bool:
        """Whether it may change something."""
        return self.name in WRITING

    @property
    def described(self) -> Described:
        """What `tools/list` says of it."""
        answer = self.operation.answer
        return Described(
            name=self.name,
            title=self.operation.summary,
            description=described(self.operation).text,
            input_schema=input_schema(self.operation),
            output_schema=None if answer is None else answer.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.operation.summary,
                read_only_hint=not self.is_writing,
                destructive_hint=False,  # a merge can be taken back, a verdict given anew
                idempotent_hint=not self.is_writing,
                open_world_hint=False,
            ),
        )

    def read(self, arguments: dict[str, Any]) -> tuple[BaseModel | None, BaseModel | None]:
        """The query and the body of the operation. **Errors**: pydantic's `ValidationError`."""
        of_query = set(self.operation.query.model_fields) if self.operation.query is not None else set()
        query = {name: value for name, value in arguments.items() if name in of_query}
        rest = {name: value for name, value in arguments.items() if name not in of_query}
        if self.operation.body is None and self.operation.query is not None:
            return self.operation.query.model_validate(arguments), None
        read_query = self.operation.query.model_validate(query) if self.operation.query is not None else None
        return read_query, (self.operation.body or _Nothing).model_validate(rest)


class _Nothing(BaseModel):
    """The arguments of a tool that takes none."""

    model_config = {"extra": "forbid"}


@cache
def _all() -> tuple[Tool, ...]:
    return tuple(_chosen())


def tools() -> dict[str, Tool]:
    """The tools by name, in the order of the operations, as the settings stand now."""
    writes = conf.get().mcp_writes
    return {tool.name: tool for tool in _all() if writes or not tool.is_writing}


def tools_for(caller: Caller) -> list[Tool]:
    """Those that a caller may call."""
    return [tool for tool in tools().values() if _may(caller, tool)]


def _may(caller: Caller, tool: Tool) -> bool:
    try:
        check(tool.operation.permission, caller)
    except AnalyticsError:
        return False
    return True


def _chosen() -> Iterator[Tool]:
    posted = {operation.name for operation in OPERATIONS if operation.method == "POST"}
    for operation in OPERATIONS:
        # The same question in a query string.
        is_same = operation.method == "GET" and operation.name.replace("get_", "query_", 1) in posted
        if _subject(operation) in SUBJECTS and not is_same and _is_wanted(operation):
            yield Tool(operation)


def _is_wanted(operation: Operation) -> bool:
    if operation.name in WRITING:
        return True
    is_reading = (
        operation.method == "GET" or operation.name in READING_POSTS or _subject(operation) == "query"
    )
    return is_reading and operation.answer is not None


def _subject(operation: Operation) -> str:
    return operation.path.removeprefix(f"{API}/").split("/")[0] if operation.path.startswith(API) else ""


def input_schema(operation: Operation) -> dict[str, Any]:
    """One flat object of the operation's query and body; path parameters are in the query's shape."""
    found: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "$defs": {}}
    for shape in (operation.query, operation.body):
        if shape is None:
            continue
        schema = shape.model_json_schema()
        clash = set(schema["properties"]) & set(found["properties"])
        assert not clash, f"{operation.name} has {clash} in its query and in its body"
        found["properties"] |= schema["properties"]
        found["required"] += schema.get("required", [])
        found["$defs"] |= schema.get("$defs", {})
    example = described(operation).body
    if example is not None:
        found["examples"] = [example]
    found["additionalProperties"] = False
    kept = {name: value for name, value in found.items() if value not in ({}, []) or name == "properties"}
    return dict(json.loads(json.dumps(kept)))
