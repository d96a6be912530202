"""Shapes of persons, their events, cohorts and properties. Names are the contract's."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from analytics.api.query_shapes import Moment, Name, ScopeName, Tree, ZoneName
from analytics.api.shapes import Proof, Shape, Text

Cursor = Annotated[
    str, Field(max_length=1000, description="next_cursor of the page before, with the same question")
]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class PersonsQuery(Shape):
    """Which persons."""

    search: Text = Field(
        default="", max_length=200, description="Part of a distinct id, name or e-mail address, or a uuid"
    )
    cohort: RowId | None = None
    order: Literal["-created_at", "created_at"] = "-created_at"
    cursor: Cursor = ""
    limit: int = Field(default=50, ge=1, le=200)


class PersonKey(Shape):
    """Which person: the uuid of its root, or of a node that was merged into it."""

    id: UUID


class Person(BaseModel):
    """One person. `first_seen`, `last_seen` and `events` are of the events that are stored."""

    id: UUID
    distinct_ids: list[str]
    user_id: int | None
    is_identified: bool
    properties: dict[str, Any]
    created_at: datetime
    first_seen: datetime | None
    last_seen: datetime | None
    events: int


class PersonsResponse(BaseModel):
    """A page of persons."""

    persons: list[Person]
    next_cursor: str | None
    proof: Proof


class PersonResponse(Person):
    """One person with all distinct ids."""

    proof: Proof


class PersonEventsQuery(PersonKey):
    """Which events of a person; all time without bounds."""

    event: Name | None = None
    date_from: Moment | None = None
    date_to: Moment | None = None
    timezone: ZoneName = None
    cursor: Cursor = ""
    limit: int = Field(default=50, ge=1, le=1000)


class PersonEvent(BaseModel):
    """One event, as it is stored."""

    uuid: UUID
    timestamp: datetime
    event_name: str
    event_type: str | None
    action: str | None
    user_id: int | None
    distinct_id: str | None
    anonymous_id: str | None
    session_id: str | None
    ingest_key: str | None
    source: str | None
    page_url: str | None
    page_path: str | None
    referrer: str | None
    device_type: str | None
    browser: str | None
    os: str | None
    user_agent: str | None
    response_time_ms: int | None
    status_code: int | None
    revenue_impact: Decimal | None
    conversion_value: Decimal | None
    sentiment_score: float | None
    intent_classification: str | None
    engagement_level: str | None
    retention_days: int | None
    created_at: datetime
    updated_at: datetime | None
    metadata: dict[str, Any]


class PersonEventsResponse(BaseModel):
    """A page of events, newest first; `person_id` is the root."""

    person_id: UUID
    events: list[PersonEvent]
    next_cursor: str | None
    proof: Proof


class ErasureCertificate(BaseModel):
    """What was erased, and how far it is. Until `completed_at`, files of older versions wait for their end."""

    uuid: UUID
    person_uuid: UUID
    requested_at: datetime
    deleted_rows: int
    rewritten_days: int
    rewritten_at: datetime | None
    completed_at: datetime | None


class CohortsQuery(Shape):
    """Which page of cohorts."""

    cursor: Cursor = ""
    limit: int = Field(default=50, ge=1, le=200)


class CohortKey(Shape):
    """Which cohort."""

    id: RowId


class CohortRequest(Shape):
    """A cohort to make; see the guide on filters and cohorts for what a definition holds."""

    name: Text = Field(min_length=1, max_length=200)
    kind: Literal["behavioural", "host", "static"]
    definition: Tree = Field(
        default_factory=dict, examples=[{"event": "paid", "within_days": 30, "at_least": 2}]
    )
    description: Text = Field(default="", max_length=2000)
    distinct_ids: list[Text] = Field(default_factory=list, max_length=10_000, description="Of a static one")


class Cohort(BaseModel):
    """A named set of persons. `members`: how many, of a static one; the others are worked out when they are asked."""

    id: int
    name: str
    kind: str
    definition: dict[str, Any]
    description: str
    members: int | None
    created_at: datetime


class CohortsResponse(BaseModel):
    """A page of cohorts."""

    cohorts: list[Cohort]
    next_cursor: str | None


class CohortMade(Cohort):
    """A new cohort, and the distinct ids that nobody goes by."""

    unknown_ids: list[str]


class CohortDeleted(BaseModel):
    """The cohort is gone."""

    deleted: bool


class PropertyRangeQuery(Shape):
    """Events of a name, or any, in a range; all time without bounds."""

    event: Name | None = None
    date_from: Moment | None = None
    date_to: Moment | None = None
    timezone: ZoneName = None


class PropertiesQuery(PropertyRangeQuery):
    """Which properties."""

    limit: int = Field(default=100, ge=1, le=1000)


class PropertyName(BaseModel):
    """A property, the share (0 to 1) of the sampled events that have it, and what its values read as."""

    name: str
    share: float
    kind: Literal["number", "boolean", "text"]


class PropertiesResponse(BaseModel):
    """The most frequent first, found in a sample of the events."""

    properties: list[PropertyName]
    sampled_events: int
    proof: Proof


class PropertyValuesQuery(PropertyRangeQuery):
    """Which values of which property."""

    name: Name
    scope: ScopeName = "event"
    search: str = Field(default="", max_length=200)
    limit: int = Field(default=50, ge=1, le=1000)


class PropertyValue(BaseModel):
    """A value as text, and how many events have it."""

    value: str
    events: int


class PropertyValuesResponse(BaseModel):
    """The most frequent first."""

    values: list[PropertyValue]
    proof: Proof
