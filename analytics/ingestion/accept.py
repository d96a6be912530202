"""From a request on the wire to a `Batch`: decode, authenticate, read the dialect, run the pipeline.

Both servers (ASGI and WSGI) call this; neither reads a body's meaning itself. Nothing is stored here.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics import clock, conf
from analytics.ingestion import pipeline
from analytics.ingestion.body import parse
from analytics.ingestion.dialects import DIALECTS, Dialect
from analytics.ingestion.dialects.envelope import Envelope, Wire
from analytics.ingestion.event import Arrival, Batch, Event, Reason, Refusal, Rejected, Result
from analytics.ingestion.keys import ring
from analytics.ingestion.wishes import wants_no_tracking
from analytics.models.choices import Source


@dataclass(slots=True, frozen=True)
class Request:
    """One HTTP request, as either server hands it over; header names in lower case."""

    dialect: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    ip: str


@dataclass(slots=True, frozen=True)
class Accepted:
    """The batch to store, whether the request was one bare event, and what its answer calls each item."""

    batch: Batch
    is_single: bool
    names: list[str]


@dataclass(slots=True, frozen=True)
class Reading:
    """A decoded request whose key is still to be looked up."""

    envelope: Envelope
    request: Request
    digest: bytes
    received_at: datetime
    is_clean: bool


def read(request: Request) -> Reading:
    """Decode the body and read the envelope; no database is touched.

    **Errors**: `BadInput` (such as `MalformedBody`, `BodyTooLarge`, `UnsupportedMedia`), `NotAuthenticated` for a
    missing or malformed key.
    """
    limit = conf.get().max_batch_body_bytes
    body = request.body or request.query.get("data", "").encode()
    parsed = parse(body, request.headers, request.query, limit)
    received_at = clock.now()
    wire = Wire(request.path, request.query, request.headers, parsed.data, received_at)
    envelope = DIALECTS[request.dialect].read(wire)
    return Reading(
        envelope=envelope,
        request=request,
        digest=hashlib.sha256(parsed.raw).digest(),
        received_at=received_at,
        is_clean=parsed.is_clean,
    )


def accept(reading: Reading) -> Accepted:
    """Authenticate and run the pipeline; may query the database for the key.

    **Errors**: `NotAuthenticated`, `Unavailable`.
    """
    envelope, request = reading.envelope, reading.request
    arrival = Arrival(
        received_at=reading.received_at,
        source=Source.API.value,
        ingest_key=ring.label_of(envelope.token),
        dialect=request.dialect,
        ip=request.ip,
        user_agent=request.headers.get("user-agent", ""),
        sent_at=envelope.sent_at,
        is_historical=envelope.is_historical,
        is_clean=reading.is_clean,
        body_digest=reading.digest,
        retention_days=conf.get().retention_days,
    )
    dialect = DIALECTS[request.dialect]
    if wants_no_tracking(request.headers):
        refusals = [_untracked(index) for index in range(len(envelope.items))]
        return Accepted(Batch(arrival, refusals=refusals), envelope.is_single, envelope.names)
    candidates = (_candidate(dialect, item, arrival, index) for index, item in enumerate(envelope.items))
    return Accepted(pipeline.run(arrival, candidates), envelope.is_single, envelope.names)


def _candidate(dialect: Dialect, item: Any, arrival: Arrival, index: int) -> Event | Refusal:
    try:
        return dialect.to_event(item, arrival, index)
    except Rejected as rejected:
        cause = rejected
    except Exception:
        cause = pipeline.failure()
    return Refusal(uuid.uuid4(), cause.reason, cause.detail, pipeline.to_bytes(item), index)


def _untracked(index: int) -> Refusal:
    detail = "the browser asks not to be tracked (DNT, Sec-GPC), so nothing of this event is kept"
    return Refusal(uuid.uuid4(), Reason.DO_NOT_TRACK, detail, b"", index)


def refused(results: list[Result]) -> list[dict[str, object]]:
    """The refused events of an answer, by their place in the request.

    What a browser asked not to be kept is no fault that anybody could mend.
    """
    return [
        {"index": index, "uuid": str(r.uuid), "reason": r.reason, "detail": r.detail}
        for index, r in enumerate(results)
        if r.reason and r.reason != Reason.DO_NOT_TRACK
    ]
