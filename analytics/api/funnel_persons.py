"""Who is behind a step of a funnel: single persons, and so for staff."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation
from analytics.api.people_shapes import Cursor, PersonsResponse
from analytics.api.query_shapes import FunnelRequest
from analytics.reports import funnel_persons as report

_OWN = {"step", "outcome", "cursor", "limit"}


class FunnelPersonsRequest(FunnelRequest):
    """A funnel, and the people of one step: who reached it, or who was lost right before it."""

    step: int = Field(ge=1, le=20)
    outcome: Literal["reached", "dropped"] = "reached"
    cursor: Cursor = ""
    limit: int = Field(default=50, ge=1, le=200)


class FunnelPersonsResponse(PersonsResponse):
    """A page of persons, and how many there are in all."""

    total: int


def _persons(_: Caller, __: None, body: FunnelPersonsRequest) -> FunnelPersonsResponse:
    step = report.Step(body.model_dump(exclude=_OWN), body.step, body.outcome)
    return FunnelPersonsResponse(**report.list_of_step(step, cursor=body.cursor, limit=body.limit))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "funnel_persons", "POST", f"{API}/query/funnel/persons", Permission.STAFF, _persons,
        FunnelPersonsResponse, "Who is behind a step of a funnel", body=FunnelPersonsRequest,
    ),
)  # fmt: skip
