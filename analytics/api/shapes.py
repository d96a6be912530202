"""Request and answer shapes, shared by both servers. Field names are the API's contract."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from analytics.models.choices import EventType

EventTypeName = Literal[
    "page_view", "api_call", "user_action", "system_event", "error", "conversion", "engagement"
]
assert set(EventType.values) == set(get_args(EventTypeName))


def _without_null(text: str) -> str:
    """PostgreSQL takes no null character in a text."""
    if "\x00" in text:
        raise ValueError("a text without null characters is expected")
    return text


Text = Annotated[str, AfterValidator(_without_null)]


class Shape(BaseModel):
    """Base of request shapes: an unknown field is an error that names it."""

    model_config = ConfigDict(extra="forbid")


class TokenRequest(Shape):
    """Log in."""

    username: Text = Field(min_length=1, max_length=150)
    password: Text = Field(min_length=1, max_length=1000)


class TokenPair(BaseModel):
    """A short access token and the refresh token that renews it."""

    access: str
    refresh: str


class RefreshRequest(Shape):
    """Renew or revoke by refresh token."""

    refresh: Text = Field(min_length=1, max_length=4096)


class LogoutAnswer(BaseModel):
    """The refresh token is revoked."""

    revoked: bool


class TrackRequest(Shape):
    """One event, natively."""

    event_name: str = Field(min_length=1, max_length=1000)
    event_type: EventTypeName = "user_action"
    action: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)
    session_id: str = ""
    page_url: str = ""
    timestamp: datetime | None = None
    uuid: UUID | None = None
    distinct_id: str | None = None
    anonymous_id: str | None = None
    revenue_impact: Decimal | None = Field(default=None, max_digits=10, decimal_places=2)
    conversion_value: Decimal | None = Field(default=None, max_digits=10, decimal_places=2)


class TrackAnswer(BaseModel):
    """The event's uuid, and whether it is new."""

    uuid: UUID
    outcome: Literal["stored", "duplicate"]


class ReceiptQuery(Shape):
    """Which event."""

    uuid: UUID


class ReceiptAnswer(BaseModel):
    """What became of one event."""

    uuid: UUID
    outcome: Literal["stored", "duplicate", "rejected"]
    reason: str | None
    received_at: datetime | None
    stored_at: datetime | None
    sealed: bool
    forwarded_at: datetime | None
    warnings: list[str] = []


class LedgerQuery(Shape):
    """Which hours of arrival; half-open, all time without bounds."""

    date_from: date | datetime | None = None
    date_to: date | datetime | None = None


class LedgerAnswer(BaseModel):
    """received = stored + duplicate + quarantined + sum(rejected)."""

    received: int
    stored: int
    duplicate: int
    quarantined: int
    rejected: dict[str, int]


class OverviewQuery(Shape):
    """The last so many days, up to now."""

    days: int = Field(default=7, ge=1, le=30)


class Proof(BaseModel):
    """What a number rests on."""

    fresh_to: datetime | None
    rows_read: int
    lake_version: int | None
    definition: str
    sql: str
    duration_ms: float


class AnalyticsOverviewResponse(BaseModel):
    """The specification's overview, with its proof."""

    total_events: int
    total_users: int
    total_revenue: float
    active_users_today: int
    conversion_rate: float
    avg_session_length: float
    top_insights: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    proof: Proof


class MergeRequest(Shape):
    """Join persons by hand."""

    target: UUID
    sources: list[UUID] = Field(min_length=1, max_length=100)
    dry_run: bool = False


class MergeAnswer(BaseModel):
    """What a merge joins."""

    persons: int
    distinct_ids: int
    events: int
    merge_ids: list[int]


class UndoQuery(Shape):
    """Which merge."""

    merge_id: int


class UndoAnswer(BaseModel):
    """A merge taken back."""

    merge_id: int
    undone_at: datetime
