"""The typed event that every dialect produces, every pipeline step refines and the store writes.

Knows nothing of HTTP, dialects or SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class Reason(StrEnum):
    """Why an event was not stored as an event. One word per rule, as the ledger shows it."""

    NOT_AN_OBJECT = "not_an_object"
    MISSING_EVENT_NAME = "missing_event_name"
    MISSING_DISTINCT_ID = "missing_distinct_id"
    INVALID_EVENT_NAME = "invalid_event_name"
    INVALID_DISTINCT_ID = "invalid_distinct_id"
    INVALID_UUID = "invalid_uuid"
    INVALID_PROPERTIES = "invalid_properties"
    INVALID_OPTIONS = "invalid_options"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    EVENT_TOO_LARGE = "event_too_large"
    PERSON_PROCESSING_OFF = "person_processing_off"
    UNSUPPORTED_EVENT = "unsupported_event"
    MALFORMED_ROW = "malformed_row"
    STEP_FAILED = "step_failed"
    DATABASE_REFUSED = "database_refused"
    ERASED_PERSON = "erased_person"
    DO_NOT_TRACK = "do_not_track"


class Rejected(Exception):
    """Raised by a step or dialect that refuses one event; its neighbours go on.

    `detail` names the fix and may be shown to the sender.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class MergeKind(StrEnum):
    """What asked for a merge; only `DANGEROUS` may absorb an identified person."""

    IDENTIFY = "identify"
    ALIAS = "alias"
    DANGEROUS = "merge_dangerously"


@dataclass(slots=True)
class PersonChange:
    """What an event asks of its person: properties to set, to fill, to remove, and a merge."""

    set: dict[str, Any] = field(default_factory=dict)
    set_once: dict[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    is_identify: bool = False
    merge_from: str = ""
    merge_kind: MergeKind = MergeKind.IDENTIFY


@dataclass(slots=True)
class GroupChange:
    """Properties to set on one group."""

    group_type: str
    group_key: str
    set: dict[str, Any]


@dataclass(slots=True)
class Arrival:
    """What the server itself knows of the request that brought an event."""

    received_at: datetime
    source: str
    ingest_key: str = ""
    dialect: str = "native"
    ip: str = ""
    user_agent: str = ""
    sent_at: datetime | None = None
    is_historical: bool = False
    is_clean: bool = False  # the parser has already refused NUL, NaN and lone surrogates
    user_id: int | None = None
    body_digest: bytes = b""
    retention_days: int = 365


@dataclass(slots=True)
class Event:
    """One analytics event on its way to `UserEvent`.

    **Shape**: the attributes named like `UserEvent` columns are written as they stand; `properties` becomes
    `metadata`. `given_*` attributes are the client's own words, which steps turn into the typed ones.
    **Units**: `timestamp` and `sent_at` are aware UTC datetimes; money has two decimals.
    """

    arrival: Arrival
    index: int = 0
    given_name: Any = None
    given_distinct_id: Any = None
    given_uuid: Any = None
    given_timestamp: Any = None
    given_offset_ms: Any = None
    properties: dict[str, Any] = field(default_factory=dict)

    uuid: UUID | None = None
    event_name: str = ""
    event_type: str = ""
    distinct_id: str = ""
    anonymous_id: str = ""
    session_id: str = ""
    action: str = ""
    timestamp: datetime | None = None
    client_timestamp: str = ""
    page_url: str = ""
    page_path: str = ""
    referrer: str = ""
    ip_address: str | None = None
    user_agent: str = ""
    device_type: str = ""
    browser: str = ""
    os: str = ""
    response_time_ms: int | None = None
    status_code: int | None = None
    intent_classification: str = ""
    engagement_level: str = ""
    revenue_impact: Decimal | None = None
    conversion_value: Decimal | None = None
    metadata_json: bytes = b"{}"
    person_id: int | None = None

    person_change: PersonChange | None = None
    group_change: GroupChange | None = None
    has_person: bool = True  # False: stored with an id, but changes no person's profile
    is_group_only: bool = False  # `$groupidentify`: its distinct id names nobody
    warnings: list[str] = field(default_factory=list)

    def warn(self, code: str) -> None:
        """Note something that was mended or ignored; it shows on the receipt."""
        if code not in self.warnings:
            self.warnings.append(code)


@dataclass(slots=True, frozen=True)
class Refusal:
    """An event that will not be stored, with what is needed to explain and replay it."""

    uuid: UUID
    reason: Reason
    detail: str
    body: bytes
    index: int = 0


@dataclass(slots=True)
class Batch:
    """What one request, one middleware hit or one `track()` call brings to the store."""

    arrival: Arrival
    events: list[Event] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many events were received."""
        return len(self.events) + len(self.refusals)


@dataclass(slots=True, frozen=True)
class Result:
    """What became of one event of a batch."""

    uuid: UUID
    outcome: str
    reason: str = ""
    detail: str = ""
