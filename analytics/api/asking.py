"""The endpoint of questions in words: what was understood is checked by the shapes of `/query/<name>`, then asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from analytics.api import asking_shapes as shapes
from analytics.api import query
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation
from analytics.api.shapes import AnalyticsOverviewResponse, OverviewQuery
from analytics.reports import asking

_OVERVIEW: tuple[type[BaseModel], type[BaseModel]] = (OverviewQuery, AnalyticsOverviewResponse)
_SHAPES = {
    **{
        op.name.removeprefix("query_"): (op.body, op.answer)
        for op in query.OPERATIONS
        if op.body and op.answer
    },
    "overview": _OVERVIEW,
}


def _check(analysis: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return _SHAPES[analysis][0].model_validate(parameters).model_dump()


def _ask(_: Caller, __: None, body: shapes.AskRequest) -> shapes.AskResponse:
    found = asking.answer(body.question, _check)
    # In the shape of its own call, so that both say the same in the same way.
    answered = _SHAPES[found["analysis"]][1].model_validate({**found["answer"], "proof": found["proof"]})
    return shapes.AskResponse(**{**found, "answer": answered.model_dump(mode="json", exclude={"proof"})})


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "ask", "POST", f"{API}/ask", Permission.ANALYST, _ask,
        shapes.AskResponse, "A question in words", body=shapes.AskRequest,
    ),
)  # fmt: skip
