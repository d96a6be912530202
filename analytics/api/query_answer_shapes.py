"""The answers of `/query/<name>`. Names are the contract's."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from analytics.api.shapes import Proof


class Line(BaseModel):
    """One line: a value a bucket, and the total of the whole range. None is no value."""

    label: str
    breakdown_value: str | None
    is_other: bool = Field(description="The line of all values beyond the limit of the breakdown")
    values: list[int | float | None]
    total: int | float | None


class PreviousTrends(BaseModel):
    """The same lines in the period before."""

    buckets: list[datetime]
    series: list[Line]


class TrendsResponse(BaseModel):
    """Every bucket of the range, by its start in the time zone."""

    buckets: list[datetime]
    series: list[Line]
    previous: PreviousTrends | None
    proof: Proof


class StepFigures(BaseModel):
    """Persons who reached a step. Ratios 0 to 1; None where nobody was before."""

    event: str
    persons: int
    conversion_ratio: float | None
    previous_ratio: float | None
    median_seconds_from_previous: float | None


class FunnelGroup(BaseModel):
    """The steps of one value of the breakdown."""

    value: str | None
    is_other: bool
    steps: list[StepFigures]


class FunnelResponse(BaseModel):
    """One entry a step."""

    steps: list[StepFigures]
    breakdowns: list[FunnelGroup] | None
    proof: Proof


class RetentionCohort(BaseModel):
    """Those who started in one period; `returned[k]` in the k-th after it, None where that lies after the range."""

    start: datetime
    size: int
    returned: list[int | None]


class RetentionResponse(BaseModel):
    """One cohort a period."""

    cohorts: list[RetentionCohort]
    proof: Proof


class Link(BaseModel):
    """One event after another, as steps `step` and `step + 1`."""

    step: int
    source: str
    target: str
    persons: int
    count: int


class PathsResponse(BaseModel):
    """The largest links."""

    links: list[Link]
    proof: Proof


class LifecycleResponse(BaseModel):
    """Persons a bucket; dormant ones are negative."""

    buckets: list[datetime]
    new: list[int]
    returning: list[int]
    resurrecting: list[int]
    dormant: list[int]
    proof: Proof


class StickinessResponse(BaseModel):
    """`persons[i]` were there on `counts[i]` days."""

    counts: list[int]
    persons: list[int]
    proof: Proof


class SessionsResponse(BaseModel):
    """Sessions of the range; None where there were none."""

    sessions: int
    avg_seconds: float | None
    median_seconds: float | None
    events_per_session: float | None
    bounce_ratio: float | None
    proof: Proof
