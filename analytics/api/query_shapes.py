"""The questions of `/query/<name>`. Names are the contract's; `query_answer_shapes` has the answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from analytics.api.shapes import Shape
from analytics.reports.ranges import parse_moment


def _moment(text: str) -> str:
    parse_moment(text)
    return text


def _shallow(given: dict[str, Any]) -> dict[str, Any]:
    """Deeper trees are no question, and whatever walks them by recursion would fall over."""
    level: list[Any] = [given]
    for _ in range(_MAX_JSON_DEPTH):
        level = [
            part
            for item in level
            if isinstance(item, dict | list)
            for part in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return given
    raise ValueError(f"it is nested more than {_MAX_JSON_DEPTH} deep")


#: A filter of the greatest depth has two levels of JSON for each of its own.
_MAX_JSON_DEPTH = 60

Tree = Annotated[dict[str, Any], AfterValidator(_shallow)]
Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(
        max_length=40,
        description="ISO date, the start of that day in the time zone, or ISO instant",
        examples=["2026-05-04", "2026-05-04T10:00:00+02:00"],
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=1000)]
ZoneName = Annotated[
    str | None, Field(max_length=100, description="IANA name; the deployment's zone where there is none")
]
Filters = Annotated[
    Tree | None,
    Field(
        description='`{"all": [...]}`, `{"any": [...]}`, `{"not": ...}`, `{"cohort": id}` or '
        '`{"property", "scope", "operator", "value"}`',
        examples=[{"property": "plan", "operator": "in", "value": ["pro", "team"]}],
    ),
]
FiltersText = Annotated[str | None, Field(max_length=20_000, description="The same as JSON text")]
IntervalName = Literal["hour", "day", "week", "month"]
PeriodName = Literal["day", "week", "month"]
MeasureName = Literal[
    "count", "persons", "sessions", "sum", "avg", "min", "max", "p50", "p90", "p95", "p99", "per_person"
]
ScopeName = Literal["event", "person", "column"]


class Range(Shape):
    """A half-open range."""

    date_from: Moment
    date_to: Moment
    timezone: ZoneName = None


class RangeQuery(Range):
    """The same in a query string, where a filter is JSON text."""

    filters: FiltersText = None


class RangeRequest(Range):
    """The same in a body."""

    filters: Filters = None


class Breakdown(Shape):
    """One line or group for each of the largest values of a property, one for all others."""

    property: Name
    scope: ScopeName = "event"
    limit: int = Field(default=10, ge=1, le=100)


class Series(Shape):
    """One line: a measure of the events of a name, or of any."""

    event: Name | None = None
    measure: MeasureName = "count"
    property: Name | None = None
    scope: ScopeName = "event"
    filters: Filters = None
    label: str | None = Field(default=None, max_length=200)


class TrendsRequest(RangeRequest):
    """Measures over calendar buckets."""

    series: list[Series] = Field(min_length=1, max_length=26)
    interval: IntervalName = "day"
    breakdown: Breakdown | None = None
    compare: Literal["previous_period"] | None = None
    formula: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Letters are the series",
        examples=["A / B * 100"],
    )


class FunnelStep(Shape):
    """An event, or those of its events that a filter keeps."""

    event: Name
    filters: Filters = None


class Exclusion(Shape):
    """An event that must not lie between two steps, counted from 1."""

    event: Name
    from_step: int = Field(ge=1)
    to_step: int = Field(ge=2)


class FunnelRequest(RangeRequest):
    """Steps within a window from the first."""

    steps: list[FunnelStep] = Field(min_length=2, max_length=20)
    window_seconds: int = Field(ge=1, le=366 * 86_400)
    order: Literal["ordered", "strict", "unordered"] = "ordered"
    exclusions: list[Exclusion] = Field(default_factory=list, max_length=8)
    breakdown: Breakdown | None = None
    attribution: Literal["first", "last"] = "first"


class RetentionParts(Shape):
    """Who starts with one event and returns with another; without a name, any event."""

    start_event: Name | None = None
    return_event: Name | None = None
    interval: PeriodName = "day"
    periods: int = Field(default=8, ge=1, le=400)
    kind: Literal["first_time", "recurring"] = "first_time"


class RetentionRequest(RetentionParts, RangeRequest):
    """Retention in a body."""


class RetentionQuery(RetentionParts, RangeQuery):
    """Retention in a query string."""


class PathsParts(Shape):
    """Which event follows which."""

    start_event: Name | None = None
    end_event: Name | None = None
    max_steps: int = Field(default=5, ge=2, le=20)
    limit: int = Field(default=50, ge=1, le=1000)
    within: Literal["session", "person"] = "session"


class PathsRequest(PathsParts, RangeRequest):
    """Paths in a body."""


class PathsQuery(PathsParts, RangeQuery):
    """Paths in a query string."""


class LifecycleParts(Shape):
    """Being there: an event of this name, or any."""

    event: Name | None = None
    interval: IntervalName = "day"


class LifecycleRequest(LifecycleParts, RangeRequest):
    """Lifecycle in a body."""


class LifecycleQuery(LifecycleParts, RangeQuery):
    """Lifecycle in a query string."""


class StickinessParts(Shape):
    """Days with an event of this name, or any, within weeks or months."""

    event: Name | None = None
    interval: Literal["day"] = "day"
    within: Literal["week", "month"] = "week"


class StickinessRequest(StickinessParts, RangeRequest):
    """Stickiness in a body."""


class StickinessQuery(StickinessParts, RangeQuery):
    """Stickiness in a query string."""


class SessionsRequest(RangeRequest):
    """Sessions in a body."""


class SessionsQuery(RangeQuery):
    """Sessions in a query string."""
