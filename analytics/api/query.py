"""The analyses: one operation for each, by POST, and by GET where the question fits into a query string."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

from pydantic import BaseModel

from analytics.api import query_answer_shapes as answers
from analytics.api import query_shapes as shapes
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Act, Operation, State
from analytics.api.shapes import Shape
from analytics.errors import BadInput
from analytics.reports import queries


def _post(name: str, answer: type[BaseModel]) -> Act:
    def act(_: Caller, __: None, body: BaseModel) -> BaseModel:
        return answer(**queries.answer(name, body.model_dump()))

    return act


def _get(name: str, answer: type[BaseModel]) -> Act:
    def act(_: Caller, query: BaseModel, __: None) -> BaseModel:
        return answer(**queries.answer(name, _given(query)))

    return act


def _state(name: str) -> State:
    def state(_: Caller, query: BaseModel, __: None) -> Hashable:
        return queries.state(name, _given(query))

    return state


def _given(query: BaseModel) -> dict[str, Any]:
    """The values of a query string, its filter read. **Errors**: `BadInput` for one that is no JSON."""
    given = query.model_dump()
    try:
        given["filters"] = json.loads(given["filters"]) if given["filters"] else None
        json.dumps(given)
    except (ValueError, RecursionError) as error:
        raise BadInput("filters: a filter as JSON is expected, URL-encoded", code="bad_filter") from error
    return given


_ANALYSES: tuple[tuple[str, str, type[BaseModel], type[Shape], type[Shape] | None], ...] = (
    ("trends", "Measures of events over time", answers.TrendsResponse, shapes.TrendsRequest, None),
    ("funnel", "How many get how far through steps", answers.FunnelResponse, shapes.FunnelRequest, None),
    (
        "retention", "How many come back in the periods after", answers.RetentionResponse,
        shapes.RetentionRequest, shapes.RetentionQuery,
    ),
    ("paths", "Which event follows which", answers.PathsResponse, shapes.PathsRequest, shapes.PathsQuery),
    (
        "lifecycle", "New, returning, resurrecting and dormant persons", answers.LifecycleResponse,
        shapes.LifecycleRequest, shapes.LifecycleQuery,
    ),
    (
        "stickiness", "On how many days people are there", answers.StickinessResponse,
        shapes.StickinessRequest, shapes.StickinessQuery,
    ),
    (
        "sessions", "Sessions: how many, how long, how busy", answers.SessionsResponse,
        shapes.SessionsRequest, shapes.SessionsQuery,
    ),
)  # fmt: skip

REQUESTS = {name: (body, answer) for name, _, answer, body, _ in _ANALYSES}


def run(name: str, given: Mapping[str, Any]) -> BaseModel:
    """The answer of an analysis to a question in JSON, as POST takes it: for surfaces other than HTTP.

    **Errors**: pydantic's `ValidationError`, `BadInput`, `Unavailable`.
    """
    request, answer = REQUESTS[name]
    return answer(**queries.answer(name, request.model_validate(given).model_dump()))


OPERATIONS: tuple[Operation, ...] = (
    *(
        Operation(
            f"query_{name}", "POST", f"{API}/query/{name}", Permission.ANALYST, _post(name, answer),
            answer, summary, body=body,
        )
        for name, summary, answer, body, _ in _ANALYSES
    ),
    *(
        Operation(
            f"get_{name}", "GET", f"{API}/query/{name}", Permission.ANALYST, _get(name, answer),
            answer, summary, query=query, state=_state(name),
        )
        for name, summary, answer, _, query in _ANALYSES
        if query is not None
    ),
)  # fmt: skip
